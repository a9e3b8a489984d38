//! A profile: one TOML file that says how one partner's messages become facts, and asks become its messages.
//!
//! | key | means |
//! |---|---|
//! | `partner` | the partner's id; [`Profile::load_for`] puts another in its place |
//! | `system` | `"erp"`, `"wms"` or `"tms"` |
//! | `version` | the profile's version, from 1 |
//! | `zone` | the zone of times that state none; see [`words`](crate::words) |
//! | `[delivery]` | [how the partner is spared](crate::delivery): rate and breaker |
//! | `[table.<name>]` | [code tables](crate::table) |
//! | `[in.<message>]` | [messages the partner sends](crate::message) |
//! | `[out.<request>]` | [messages the partner receives](crate::out) |
//!
//! A message's name is the last token of its subject. Any other key is refused, as is any value of another kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Ask, OrderId, PartnerId, System, Timestamp};
use toml::de::DeTable;

use crate::compiler::Compiler;
use crate::control::ControlNumbers;
use crate::crosswalk::File;
use crate::delivery::Delivery;
use crate::format::Format;
use crate::message::Incoming;
use crate::out::{EncodeError, Outbound, Sending};
use crate::source::{Node, ProfileError, Section, Source};
use crate::told::{Outgoing, Read, Told};
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::words::zone;

/// The longest profile, in bytes.
pub const MAX_PROFILE: usize = 1024 * 1024;

/// How one partner's messages become facts, and asks become its messages.
#[derive(Debug)]
pub struct Profile {
    /// The partner.
    pub partner: PartnerId,
    /// The kind of system the partner is.
    pub system: System,
    /// The profile's version.
    pub version: u32,
    /// How the partner is to be spared.
    pub delivery: Delivery,
    incoming: HashMap<Box<str>, Incoming>,
    outgoing: HashMap<Box<str>, Outbound>,
    written: BTreeSet<Box<str>>,
}

impl Profile {
    /// Compiles a profile; `name` is its file, for errors.
    ///
    /// # Errors
    /// [`ProfileError`] with line and column, for anything the format does not provide for.
    pub fn load(name: &str, toml_text: &str) -> Result<Self, ProfileError> {
        Self::compile(Source { file: name, text: toml_text }, None)
    }

    /// Compiles a profile for a partner other than the one it names: two shops of one make share one file.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn load_for(name: &str, toml_text: &str, partner: PartnerId) -> Result<Self, ProfileError> {
        Self::compile(Source { file: name, text: toml_text }, Some(partner))
    }

    /// Reads a raw message. `message` is the last token of its subject.
    ///
    /// # Errors
    /// When nothing in the message can be read. Where only a part cannot, it is told as [`Told::Rejected`].
    pub fn decode(&self, message: &str, raw: &[u8], received: Timestamp) -> Result<Vec<Told>, Unreadable> {
        self.read(message, raw, received).told
    }

    /// Reads a raw message, with the numbers of its interchanges where it is written in interchanges.
    pub fn read(&self, message: &str, raw: &[u8], received: Timestamp) -> Read {
        match self.incoming.get(message) {
            Some(incoming) => incoming.read(raw, &self.partner, received),
            None => {
                let partner = &self.partner;
                let detail = format!("is called `{message}`, and the profile of {partner} knows no such message");
                Read::unreadable(Unreadable::new(UnreadableKind::UnknownMessage, "$", detail))
            }
        }
    }

    /// Writes an ask as the partner's message. The same ask in the same sending is the same message, byte for byte.
    ///
    /// # Errors
    /// When the profile has no section for the request, or the ask lacks what the message needs or holds what it cannot say.
    pub fn encode(&self, order: &OrderId, ask: &Ask, sending: Sending) -> Result<Outgoing, EncodeError> {
        let kind = ask.request.kind();
        let outbound = self.outgoing.get(kind).ok_or(EncodeError::NoSection { kind })?;
        outbound.write(order, ask, sending)
    }

    /// What the sender of a raw message is told of its syntax, such as an X12 997; nothing where the profile does not say that it
    /// is told, and of a message that is an acknowledgement itself. The same message is acknowledged alike, byte for byte.
    ///
    /// # Errors
    /// When what came in is such that its sender cannot be addressed.
    pub fn acknowledge(
        &self,
        message: &str,
        raw: &[u8],
        received: Timestamp,
        numbers: ControlNumbers,
    ) -> Result<Option<Outgoing>, EncodeError> {
        let incoming = self.incoming.get(message);
        incoming.map_or(Ok(None), |incoming| incoming.acknowledge(raw, received, numbers))
    }

    /// How a message is written, if the profile reads it.
    pub(crate) fn format(&self, message: &str) -> Option<&Format> {
        self.incoming.get(message).map(|incoming| &incoming.format)
    }

    /// The names of the messages the profile reads, in no order.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.incoming.keys().map(|name| &**name)
    }

    /// The requests the profile writes as messages, in no order.
    pub fn requests(&self) -> impl Iterator<Item = &str> {
        self.outgoing.keys().map(|kind| &**kind)
    }

    /// The names of the messages the profile writes, acknowledgements among them, in order.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(|name| &**name)
    }

    /// Each message the profile reads with the workflow it is about, in no order.
    pub fn workflows(&self) -> impl Iterator<Item = (&str, &str)> {
        self.incoming.iter().map(|(name, incoming)| (&**name, &*incoming.workflow))
    }

    fn compile(source: Source<'_>, partner: Option<PartnerId>) -> Result<Self, ProfileError> {
        if source.text.len() > MAX_PROFILE {
            return Err(source.error(0, format!("expected at most {MAX_PROFILE} bytes")));
        }
        let file = DeTable::parse(source.text).map_err(|error| {
            source.error(error.span().map_or(0, |span| span.start), format!("no TOML: {}", error.message()))
        })?;
        let mut section = Section::of_file(source, &file);
        let named = section.required("partner")?;
        let own = named.text()?;
        if own.contains(|letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '*' | '>')) {
            return Err(named.error(format!("`{own}` is no partner; expected a name without blanks, `*` and `>`")));
        }
        let own = PartnerId::new(own).map_err(|error| named.error(format!("the partner {error}")))?;
        let system = system(section.required("system")?)?;
        let version = section.required("version")?;
        let version = version
            .number()?
            .checked_sub(1)
            .map(|before| before + 1)
            .ok_or_else(|| version.error("expected a version from 1"))?;
        let delivery = Delivery::compile(section.optional("delivery"))?;
        let tables = named_nodes(section.optional("table"))?.into_iter().map(|(name, table)| (name.into(), table));
        let crosswalks = File::mentioned(source.text).map(|file| Ok((file, file.parse()?)));
        let crosswalks: Vec<_> = crosswalks.collect::<Result<_, ProfileError>>()?;
        let shared = crosswalks.iter().flat_map(|(file, parsed)| {
            let tables = Section::of_file(file.source(), parsed).entries();
            tables.map(|(table, name, _)| (file.full_name(name), table))
        });
        let zone = section.optional("zone").map(zone).transpose()?;
        let compiler = Compiler::new(system, zone, tables.chain(shared).collect());
        let mut incoming = HashMap::new();
        for (name, node) in named_nodes(section.optional("in"))? {
            incoming.insert(name.into(), Incoming::compile(node, &compiler)?);
        }
        let mut outgoing = HashMap::new();
        let mut written: BTreeSet<Box<str>> =
            incoming.values().filter_map(Incoming::acknowledged_by).map(Box::from).collect();
        for (name, node) in named_nodes(section.optional("out"))? {
            outgoing.insert(name.into(), Outbound::compile(name, node, &compiler)?);
            written.insert(node.section()?.required("message")?.text()?.into());
        }
        section.finish()?;
        Ok(Self { partner: partner.unwrap_or(own), system, version, delivery, incoming, outgoing, written })
    }
}

fn system(node: Node<'_>) -> Result<System, ProfileError> {
    match node.text()? {
        "erp" => Ok(System::Erp),
        "wms" => Ok(System::Wms),
        "tms" => Ok(System::Tms),
        _ => Err(node.error("expected the system `erp`, `wms` or `tms`")),
    }
}

/// The tables of a table; their names are safe as one subject token.
fn named_nodes(node: Option<Node<'_>>) -> Result<BTreeMap<&str, Node<'_>>, ProfileError> {
    let Some(node) = node else { return Ok(BTreeMap::new()) };
    let mut named = BTreeMap::new();
    for (node, name, at) in node.section()?.entries() {
        if !is_token(name) {
            return Err(at.error("expected a name of letters, digits, `_` and `-`"));
        }
        node.section()?;
        named.insert(name, node);
    }
    Ok(named)
}

/// Whether a text is safe as one subject token as it stands.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
