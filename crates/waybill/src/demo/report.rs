//! What a run came to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use simulator::books::Lines;
use simulator::faults::Done;

use crate::run::{Percentiles, Run};
use crate::text::{bad, count, heading};

/// What a run came to.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    sound: bool,
    orders: u64,
    closed: u64,
    cancelled: u64,
    open_with_exception: BTreeMap<String, u64>,
    entries: u64,
    seconds: f64,
    orders_per_second: f64,
    entries_per_second: f64,
    release_to_closed_ms: Percentiles,
    lines: LineCounts,
    asks: AskCounts,
    shipments_on_shared_loads: u64,
    faults: FaultCounts,
    restarts: BTreeMap<String, u32>,
    wrong: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LineCounts {
    ordered: u64,
    delivered: u64,
    late: u64,
    returned: u64,
}

#[derive(Debug, Serialize)]
struct AskCounts {
    allocate: u64,
    book: u64,
    confirm_shipment: u64,
    bill: u64,
    undo: u64,
    confirm_cancellation: u64,
    repeated: u64,
    late: u64,
    acted_twice: u64,
}

/// What went wrong on purpose.
#[derive(Debug, Serialize)]
struct FaultCounts {
    delayed: u64,
    doubled: u64,
    lost: u64,
    cut: u64,
    strange: u64,
    failed: u64,
    ignored: u64,
    mishaps: u64,
}

impl FaultCounts {
    const fn of(done: &Done) -> Self {
        let Done { delayed, doubled, lost, cut, strange, failed, ignored, mishaps } = *done;
        Self { delayed, doubled, lost, cut, strange, failed, ignored, mishaps }
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let Self { delayed, doubled, lost, cut, strange, failed, ignored, mishaps } = self;
        if delayed + doubled + lost + cut + strange + failed + ignored + mishaps == 0 {
            return Ok(());
        }
        write!(
            text,
            "  on purpose: {delayed} messages delayed, {doubled} doubled, {lost} answers lost, {cut} messages cut "
        )?;
        writeln!(text, "short, {strange} told by a stranger, {failed} asks failed at first, {ignored} were ignored")?;
        writeln!(text, "  {mishaps} orders short, sent back, changed, held back or told of wrongly")
    }
}

impl Report {
    pub fn of(run: &Run, restarts: BTreeMap<String, u32>) -> Self {
        let seconds = run.seconds();
        let Run { books, replay, wrong, .. } = run;
        let asks = books.asks;
        Self {
            sound: wrong.is_empty(),
            orders: replay.orders,
            closed: replay.closed,
            cancelled: replay.cancelled,
            open_with_exception: replay.exceptions.iter().map(|(kind, orders)| (kind.clone(), *orders)).collect(),
            entries: replay.entries,
            seconds,
            orders_per_second: replay.orders as f64 / seconds,
            entries_per_second: replay.entries as f64 / seconds,
            release_to_closed_ms: Percentiles::of(replay.took.clone()),
            lines: counts(&replay.lines),
            asks: AskCounts {
                allocate: asks.allocate,
                book: asks.book,
                confirm_shipment: asks.confirm_shipment,
                bill: asks.bill,
                undo: asks.undo,
                confirm_cancellation: asks.confirm_cancellation,
                repeated: asks.repeated,
                late: asks.late,
                acted_twice: asks.twice,
            },
            shipments_on_shared_loads: books.on_loads,
            faults: FaultCounts::of(&run.partners.faults()),
            restarts,
            wrong: wrong.clone(),
        }
    }

    pub const fn is_sound(&self) -> bool {
        self.sound
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{}", heading("Result"))?;
        writeln!(text, "  {} orders, {} closed, in {:.1} s", self.orders, self.closed, self.seconds)?;
        for (kind, orders) in &self.open_with_exception {
            writeln!(text, "  {orders} open: {kind}")?;
        }
        let rates = (self.orders_per_second, self.entries_per_second);
        writeln!(text, "  {:.0} orders/s, {:.0} entries/s of {} entries", rates.0, rates.1, self.entries)?;
        let took = &self.release_to_closed_ms;
        writeln!(text, "  release to closed: half within {} ms, 95 % {} ms, 99 % {} ms", took.p50, took.p95, took.p99)?;
        let lines = &self.lines;
        write!(text, "  {} lines ordered, {} delivered, ", lines.ordered, lines.delivered)?;
        writeln!(text, "{} late, {} returned", lines.late, lines.returned)?;
        let asks = &self.asks;
        write!(text, "  partners were asked to allocate {}, book {}, ", asks.allocate, asks.book)?;
        write!(text, "confirm {}, bill {}; ", asks.confirm_shipment, asks.bill)?;
        writeln!(text, "{} came again, {} acted on twice", asks.repeated + asks.late, asks.acted_twice)?;
        if self.shipments_on_shared_loads > 0 {
            writeln!(
                text,
                "  {} shared a load with another order's",
                count(self.shipments_on_shared_loads, "shipment")
            )?;
        }
        if self.cancelled > 0 {
            writeln!(text, "  {} cancelled: {} undone", self.cancelled, count(asks.undo, "ask"))?;
        }
        self.faults.write(text)?;
        for (service, times) in &self.restarts {
            writeln!(text, "  {service} died and was started again, {}", count(*times, "time"))?;
        }
        if self.sound {
            return writeln!(
                text,
                "  Every order ended where the partners' books say, and the projection is the replay."
            );
        }
        writeln!(text, "{}", bad("Wrong"))?;
        self.wrong.iter().try_for_each(|words| writeln!(text, "  {words}"))
    }
}

const fn counts(lines: &Lines) -> LineCounts {
    LineCounts { ordered: lines.released, delivered: lines.delivered, late: lines.late, returned: lines.returned }
}
