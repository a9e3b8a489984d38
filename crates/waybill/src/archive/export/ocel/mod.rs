//! OCEL 2.0 as JSON (Berti et al., 2023, <https://www.ocel-standard.org>): an object-centric event log.
//!
//! A log lists its types before its objects and its objects before its events, and an order gives all three at once. So objects and
//! events are gathered in two temporary files. What orders share (items, locations, customers, partners) is in memory.

mod about;
mod decided;
mod objects;
mod order;
mod told;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use serde::Serialize;

use super::Trail;
use objects::{Kind, Object};
use value::{Attribute, Type};

/// The most items, locations, customers and partners of one log; they are in memory, some 100 bytes each.
const MOST_SHARED: usize = 2_000_000;

/// A log that is being written.
pub(super) struct Document {
    objects: List,
    events: List,
    shared: BTreeSet<(Kind, String)>,
    object_types: Types,
    event_types: Types,
}

/// An event.
#[derive(Debug, Serialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    time: model::Timestamp,
    attributes: Vec<Attribute>,
    relationships: Vec<Relation>,
}

/// What an event or an object has to do with an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Relation {
    #[serde(rename = "objectId")]
    object: String,
    qualifier: &'static str,
}

/// The attributes of each type, by name.
type Types = BTreeMap<String, BTreeMap<&'static str, Type>>;

/// The elements of a JSON array, in a temporary file.
struct List {
    file: BufWriter<File>,
    is_empty: bool,
}

impl Document {
    pub fn begin() -> io::Result<Self> {
        Ok(Self {
            objects: List::begin()?,
            events: List::begin()?,
            shared: BTreeSet::new(),
            object_types: Types::new(),
            event_types: Types::new(),
        })
    }

    pub fn add(&mut self, trail: &Trail) -> io::Result<()> {
        let order::Log { objects, events, shared } = order::log(trail);
        for object in objects {
            self.object(&object)?;
        }
        for event in events {
            let known = self.event_types.entry(event.kind.clone()).or_default();
            known.extend(event.attributes.iter().map(|attribute| (attribute.name, attribute.value.kind())));
            self.events.add(&event)?;
        }
        self.shared.extend(shared);
        if self.shared.len() > MOST_SHARED {
            let words = format!(
                "the orders have more than {MOST_SHARED} items, locations, customers and partners; export fewer"
            );
            return Err(io::Error::other(words));
        }
        Ok(())
    }

    pub fn end(mut self, out: &mut dyn Write) -> io::Result<()> {
        for (kind, name) in std::mem::take(&mut self.shared) {
            self.object(&Object::new(kind, kind.id(&name)))?;
        }
        out.write_all(b"{\"objectTypes\":")?;
        types(&self.object_types, out)?;
        out.write_all(b",\"eventTypes\":")?;
        types(&self.event_types, out)?;
        out.write_all(b",\"objects\":[")?;
        self.objects.copy(out)?;
        out.write_all(b"],\"events\":[")?;
        self.events.copy(out)?;
        out.write_all(b"]}\n")
    }

    fn object(&mut self, object: &Object) -> io::Result<()> {
        let known = self.object_types.entry(object.kind.as_str().to_owned()).or_default();
        known.extend(object.attributes.iter().map(|attribute| (attribute.name, attribute.value.kind())));
        self.objects.add(object)
    }
}

impl List {
    fn begin() -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile()?), is_empty: true })
    }

    fn add(&mut self, element: &impl Serialize) -> io::Result<()> {
        self.file.write_all(if self.is_empty { b"\n" } else { b",\n" })?;
        self.is_empty = false;
        Ok(serde_json::to_writer(&mut self.file, element)?)
    }

    fn copy(self, out: &mut dyn Write) -> io::Result<()> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut file, out).map(drop)
    }
}

fn types(types: &Types, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Declared<'a> {
        name: &'a str,
        attributes: Vec<Named>,
    }
    #[derive(Serialize)]
    struct Named {
        name: &'static str,
        #[serde(rename = "type")]
        kind: Type,
    }
    let named = |attributes: &BTreeMap<&'static str, Type>| {
        attributes.iter().map(|(name, kind)| Named { name, kind: *kind }).collect()
    };
    let declared: Vec<Declared<'_>> =
        types.iter().map(|(name, attributes)| Declared { name, attributes: named(attributes) }).collect();
    Ok(serde_json::to_writer(out, &declared)?)
}

#[cfg(test)]
mod tests;
