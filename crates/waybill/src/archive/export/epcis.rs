//! One EPCIS document over all orders.

use std::io::{self, Write};

use partners::epcis::{Base, document};

use super::Trail;
use crate::clock;
use crate::order::epcis::events;

/// A document that is being written: its head, then one event after another.
pub(super) struct Document {
    base: Base,
    end: String,
    is_empty: bool,
}

impl Document {
    pub fn begin(base: &Base, out: &mut dyn Write) -> io::Result<Self> {
        let frame = serde_json::to_string(&document(base, Vec::new(), clock::now()))?;
        // The one empty list of a document without events is that of the events.
        let list = "\"eventList\":[";
        let (head, end) = match frame.split_once(list) {
            Some((head, end)) => (head, end),
            None => return Err(io::Error::other("an EPCIS document has no list of events")),
        };
        write!(out, "{head}{list}")?;
        Ok(Self { base: base.clone(), end: end.to_owned(), is_empty: true })
    }

    pub fn add(&mut self, trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
        let Ok(order) = model::OrderId::from_token(trail.key.token()) else { return Ok(()) };
        for event in events(&self.base, &order, trail.state(), None) {
            out.write_all(if self.is_empty { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, &event)?;
            self.is_empty = false;
        }
        Ok(())
    }

    pub fn end(self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.end)
    }
}
