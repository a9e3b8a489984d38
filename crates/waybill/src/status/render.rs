//! The state of the installation as a text.

use adapter::Restrained;
use visibility::queries::Lag;

use super::{Consumer, Service, Status, Stream};
use crate::table::Table;
use crate::text::{NOTHING, bad, bytes, count, heading, line, or_dash};

/// The status as a text.
pub(super) fn render(status: &Status) -> String {
    let mut text = String::new();
    section(&mut text, "Services", &services(&status.services));
    section(&mut text, "Streams", &streams(&status.streams));
    if !status.consumers.is_empty() {
        section(&mut text, "Consumers", &consumers(&status.consumers));
    }
    if !status.restrained.is_empty() {
        section(&mut text, "Held for partners", &restrained(&status.restrained));
    }
    if let Some(lag) = &status.projection {
        section(&mut text, "Projection", &projection(lag));
    }
    let quarantined = count(status.quarantined, "message");
    let look = if status.quarantined > 0 { " (`waybill quarantine list`)" } else { "" };
    line(&mut text, format!("{quarantined} in quarantine{look}"));
    if status.problems.is_empty() {
        line(&mut text, "nothing is missing, nobody is stalled");
    }
    for problem in &status.problems {
        line(&mut text, bad(problem));
    }
    text
}

fn section(text: &mut String, title: &str, table: &Table) {
    line(text, heading(title));
    line(text, table);
}

fn services(services: &[Service]) -> Table {
    let mut table = Table::new(&["SERVICE", "VERSION", ">INSTANCES"]);
    for service in services {
        if service.versions.is_empty() {
            table.row([service.name.clone(), NOTHING.to_owned(), "0".to_owned()]);
        }
        for version in &service.versions {
            table.row([service.name.clone(), version.version.clone(), version.instances.to_string()]);
        }
    }
    table
}

fn streams(streams: &[Stream]) -> Table {
    let mut table = Table::new(&["STREAM", ">MESSAGES", ">SIZE", ">FIRST", ">LAST", ">DELETED", "LAST RECORDED"]);
    for stream in streams {
        let Some(state) = &stream.state else {
            table.row([&stream.name, "missing", "", "", "", "", ""].map(str::to_owned));
            continue;
        };
        table.row([
            stream.name.clone(),
            state.messages.to_string(),
            bytes(state.bytes),
            state.first_sequence.to_string(),
            state.last_sequence.to_string(),
            state.deleted.to_string(),
            or_dash(state.last_recorded),
        ]);
    }
    table
}

fn consumers(consumers: &[Consumer]) -> Table {
    let mut table = Table::new(&["STREAM", "CONSUMER", ">LAG", ">ACK PENDING", ">REDELIVERED"]);
    for consumer in consumers {
        let passing = if consumer.durable { "" } else { " (passing)" };
        table.row([
            consumer.stream.clone(),
            format!("{}{passing}", consumer.name),
            consumer.lag.to_string(),
            consumer.ack_pending.to_string(),
            consumer.redelivered.to_string(),
        ]);
    }
    table
}

fn restrained(partners: &[Restrained]) -> Table {
    let mut table = Table::new(&["PARTNER", ">ASKS", "SINCE", "WHY"]);
    for partner in partners {
        table.row([partner.partner.clone(), partner.held.to_string(), or_dash(partner.since), partner.why.clone()]);
    }
    table
}

fn projection(lag: &Lag) -> Table {
    let mut table = Table::new(&["STREAM", ">FOLDED TO", ">LAG"]);
    for stream in &lag.streams {
        table.row([stream.stream.clone(), stream.folded.to_string(), stream.lag.to_string()]);
    }
    table
}
