//! What is noted of the control numbers of partners' interchanges: bucket `INTERCHANGES`, read.

use adapter::{Numbering, Twice};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use service::{Connection, streams};

use crate::exit::Failure;
use crate::reach::broker;
use crate::text::NOTHING;

/// The most pairs of sender and receiver that are looked at.
const MOST: usize = 10_000;
/// How many are read at once.
const AT_ONCE: usize = 16;
/// How many ranges, and how many that came twice, the words name.
const NAMED: usize = 5;
const READ: &str = "read bucket INTERCHANGES";

/// The numbers of one sender to one receiver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Numbers {
    pub sender: String,
    pub receiver: String,
    /// The last number that came.
    pub last: Option<String>,
    /// What is missing before it.
    pub missing: Vec<Range>,
    /// Whether the sender leaves out so many that nothing is held to be missing.
    pub skips: bool,
    /// How many came twice with the same content, and with other content.
    pub repeated: u64,
    pub differing: u64,
    /// The last few with other content.
    pub differed: Vec<Twice>,
    /// Why this version cannot read what is noted.
    pub wrong: Option<String>,
}

/// Numbers that follow one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Range {
    pub first: u64,
    pub last: u64,
}

impl Numbers {
    fn read(key: &str, value: &[u8]) -> Self {
        match serde_json::from_slice::<Numbering>(value) {
            Ok(noted) => Self::of(noted),
            Err(error) => {
                let why = format!("bucket INTERCHANGES holds under {key} what this version cannot read: {error}");
                Self { wrong: Some(why), ..Self::default() }
            }
        }
    }

    fn of(noted: Numbering) -> Self {
        let ranges = noted.series.iter().flat_map(|series| &series.missing);
        Self {
            last: noted.last(),
            missing: ranges.map(|(first, last)| Range { first: *first, last: *last }).collect(),
            skips: noted.series.first().is_some_and(|series| series.skips),
            sender: noted.sender,
            receiver: noted.receiver,
            repeated: noted.repeated,
            differing: noted.differing,
            differed: noted.differed.into(),
            wrong: None,
        }
    }

    /// How many are missing.
    pub fn missing(&self) -> u64 {
        self.missing.iter().map(|range| range.last - range.first + 1).sum()
    }

    /// All of it in words.
    pub fn words(&self) -> String {
        if let Some(why) = &self.wrong {
            return why.clone();
        }
        let Self { sender, receiver, last, missing, repeated, differing, differed, .. } = self;
        let mut said = vec![format!("last {}", last.as_deref().unwrap_or(NOTHING))];
        if !missing.is_empty() {
            let mut ranges: Vec<String> = missing.iter().take(NAMED).map(Range::words).collect();
            let named: u64 = missing.iter().take(NAMED).map(|range| range.last - range.first + 1).sum();
            if missing.len() > NAMED {
                ranges.push(format!("and {} more", self.missing() - named));
            }
            said.push(format!("missing {}", ranges.join(", ")));
        }
        if self.skips {
            said.push("its numbers skip, so none counts as missing".to_owned());
        }
        if *repeated > 0 {
            said.push(format!("{repeated} came twice"));
        }
        if *differing > 0 {
            let named = differed.iter().rev().take(NAMED);
            let named: Vec<String> = named.map(|own| format!("{} in INBOX {}", own.number, own.inbox)).collect();
            said.push(format!("{differing} twice with other content ({})", named.join(", ")));
        }
        format!("interchanges from {sender} to {receiver}: {}", said.join(", "))
    }
}

impl Range {
    fn words(&self) -> String {
        let Self { first, last } = self;
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    }
}

/// The numbers of each partner, or of the one with this token, by system and token.
pub(super) async fn gather(
    token: Option<&str>,
    connection: &Connection,
) -> Result<Vec<((String, String), Numbers)>, Failure> {
    let js = &connection.js;
    match js.get_stream(format!("KV_{}", streams::INTERCHANGES)).await.map_err(|error| error.kind()) {
        // No adapter that notes numbers has run here.
        Err(GetStreamErrorKind::JetStream(refusal)) if refusal.error_code() == ErrorCode::STREAM_NOT_FOUND => {
            return Ok(Vec::new());
        }
        Ok(_) | Err(_) => {}
    }
    let store = js.get_key_value(streams::INTERCHANGES).await.map_err(|error| broker(READ, error))?;
    let keys = store.keys().await.map_err(|error| broker(READ, error))?;
    let is_asked_for = |key: &String| token.is_none_or(|token| key.split('.').nth(1) == Some(token));
    let mut keys: Vec<String> = keys.try_collect().await.map_err(|error| broker(READ, error))?;
    keys.retain(is_asked_for);
    keys.sort();
    keys.truncate(MOST);
    let read = keys.into_iter().map(|key| {
        let store = &store;
        async move {
            let value = store.get(key.as_str()).await.map_err(|error| broker(READ, error))?;
            let numbers = value.map(|value| Numbers::read(&key, &value));
            let mut parts = key.split('.').map(str::to_owned);
            let whose = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            Ok::<_, Failure>(numbers.map(|numbers| (whose, numbers)))
        }
    });
    let read: Vec<Option<_>> = futures::stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_one_line() {
        let range = |first, last| Range { first, last };
        let mut own = Numbers { sender: "ZZ:SPDY".to_owned(), receiver: "ZZ:US".to_owned(), ..Numbers::default() };
        own.last = Some("41".to_owned());
        assert_eq!(own.words(), "interchanges from ZZ:SPDY to ZZ:US: last 41");
        own.missing = vec![range(38, 40)];
        (own.repeated, own.differing) = (2, 1);
        own.differed = vec![Twice { number: "39".into(), inbox: 812, before: 790 }];
        assert_eq!(
            own.words(),
            "interchanges from ZZ:SPDY to ZZ:US: last 41, missing 38 to 40, 2 came twice, \
             1 twice with other content (39 in INBOX 812)"
        );
        own.missing = (0..8).map(|nth| range(nth * 10, nth * 10 + nth)).collect();
        assert!(
            own.words().contains("missing 0, 10 to 11, 20 to 22, 30 to 33, 40 to 44, and 21 more, 2 came"),
            "{own:?}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let own = Numbers::read("tms.speedy.1", b"by hand");
        assert!(own.words().starts_with("bucket INTERCHANGES holds under tms.speedy.1 what"), "{own:?}");
    }
}
