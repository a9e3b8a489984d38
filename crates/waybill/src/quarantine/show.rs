//! `waybill quarantine show`

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetError, DirectGetErrorKind, Stream};
use bytes::Bytes;
use serde::Serialize;
use service::Connection;
use service::quarantine::{Kept, Meta, Quarantined, kept_headers};
use service::streams::QUARANTINE;

use super::{dump, kind_name, plain};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach::broker;
use crate::table::Table;
use crate::text::{bytes, heading, line, or_dash};

/// The most bytes that are shown; `--raw` and `--json` give all.
const MOST_SHOWN: usize = 16 * 1024;

/// Which message.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its sequence in the quarantine, as `waybill quarantine list` shows it
    #[arg(value_name = "SEQUENCE", value_parser = clap::value_parser!(u64).range(1..))]
    sequence: u64,
    /// Print the message as it came, byte for byte, and nothing else
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

/// A message in quarantine.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// Its place in the quarantine.
    pub sequence: u64,
    /// What is known about it.
    pub about: Meta,
    /// How many bytes it has; nothing when they are no longer anywhere.
    pub size: Option<usize>,
    /// The message, if it is text.
    pub text: Option<String>,
    /// The message in hex, if it is not.
    pub hex: Option<String>,
    #[serde(skip)]
    pub raw: Option<Bytes>,
}

pub(super) async fn run(
    args: &Args,
    connection: &Connection,
    stream: &Stream,
    output: Output,
) -> Result<Verdict, Failure> {
    let shown = shown(kept(args.sequence, connection, stream).await?);
    match (&shown.raw, args.raw) {
        (Some(raw), true) => Output::bytes(raw)?,
        (None, true) => return Err(Failure::NotFound(gone(&shown.about))),
        (_, false) => output.show(&shown, render)?,
    }
    Ok(Verdict::Fine)
}

/// Reads one message of the quarantine, with its bytes wherever they are.
pub(crate) async fn kept(sequence: u64, connection: &Connection, stream: &Stream) -> Result<Kept, Failure> {
    let kept = stream.direct_get(sequence).await.map_err(|error| unread(QUARANTINE, sequence, &error))?;
    let Quarantined { mut about, raw } =
        Quarantined::from_message(Some(&kept.headers), &kept.payload).map_err(anyhow::Error::new)?;
    if !about.left_in_stream {
        return Ok(Kept { sequence, about, raw: Some(raw) });
    }
    let original = original(connection, &about).await?;
    if let Some(original) = &original {
        about.headers = kept_headers(&original.headers);
    }
    Ok(Kept { sequence, about, raw: original.map(|original| original.payload) })
}

/// The message where it came from; none when it is no longer there.
async fn original(connection: &Connection, about: &Meta) -> Result<Option<StreamMessage>, Failure> {
    let stream = connection.js.get_stream_no_info(&about.stream).await;
    let stream = stream.map_err(|error| broker(&format!("read stream {}", about.stream), error))?;
    match stream.direct_get(about.sequence).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(&about.stream, about.sequence, &error)),
    }
}

pub(super) fn unread(stream: &str, sequence: u64, error: &DirectGetError) -> Failure {
    if error.kind() == DirectGetErrorKind::NotFound {
        let hint = "(`waybill quarantine list` shows what is)";
        return Failure::NotFound(format!("no message {sequence} in stream {stream} {hint}"));
    }
    broker(&format!("read message {sequence} of stream {stream}"), error)
}

pub(super) fn shown(kept: Kept) -> Shown {
    let Kept { sequence, about, raw } = kept;
    let text = raw.as_ref().and_then(|raw| std::str::from_utf8(raw).ok()).map(str::to_owned);
    let hex = raw.as_ref().filter(|_| text.is_none()).map(|raw| raw.iter().map(|byte| format!("{byte:02x}")).collect());
    Shown { sequence, about, size: raw.as_ref().map(Bytes::len), text, hex, raw }
}

fn gone(about: &Meta) -> String {
    format!("its bytes were too many for the quarantine, and {} no longer has message {}", about.stream, about.sequence)
}

/// The message as a text.
pub(super) fn render(shown: &Shown) -> String {
    let about = &shown.about;
    let mut text = String::new();
    line(&mut text, heading(&format!("Quarantine {}", shown.sequence)));
    line(&mut text, Table::of_pairs(&known(about)));
    match &shown.raw {
        None => line(&mut text, gone(about)),
        Some(raw) => message(&mut text, raw),
    }
    text
}

/// What is known about it, by name.
fn known(about: &Meta) -> Vec<(String, String)> {
    let known = [
        ("reason", kind_name(about.reason.kind)),
        ("it says", about.reason.text.clone()),
        ("field", or_dash(about.reason.field.as_deref())),
        ("service", about.service.clone()),
        ("partner", plain(&about.partner)),
        ("subject", about.subject.clone()),
        ("came in as", format!("{} {}", about.stream, about.sequence)),
        ("received", format!("{:.3}", about.received)),
        ("tries", about.tries.to_string()),
    ];
    let headers = about.headers.iter().map(|(name, values)| (format!("header {name}"), values.join(", ")));
    known.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(headers).collect()
}

fn message(text: &mut String, raw: &Bytes) {
    let size = u64::try_from(raw.len()).unwrap_or(u64::MAX);
    let (part, of) =
        if raw.len() > MOST_SHOWN { (raw.slice(..MOST_SHOWN), "the beginning of ") } else { (raw.clone(), "") };
    line(text, heading(&format!("Message ({of}{})", bytes(size))));
    let whole_letters = part.len() - std::str::from_utf8(&part).err().map_or(0, cut_letter);
    match dump::as_text(&part[..whole_letters]) {
        Some(shown) => line(text, shown.trim_end()),
        None => text.push_str(&dump::hex(&part)),
    }
    if !of.is_empty() {
        line(text, "All of it, byte for byte: waybill quarantine show SEQUENCE --raw");
    }
}

/// How many bytes of a letter stand at an end where the text was cut.
fn cut_letter(error: std::str::Utf8Error) -> usize {
    const LONGEST: usize = 3;
    if error.error_len().is_none() { LONGEST } else { 0 }
}

#[cfg(test)]
mod tests {
    use service::quarantine::Kind;

    use super::super::list::tests::about;
    use super::*;

    fn text_of(raw: impl Into<Bytes>) -> String {
        let mut about = about(Kind::Malformed, "c1", "expected JSON");
        about.headers.insert("Content-Type".to_owned(), vec!["a/b".to_owned(), "c".to_owned()]);
        anstream::adapter::strip_str(&render(&shown(Kept { sequence: 9, about, raw: Some(raw.into()) }))).to_string()
    }

    #[test]
    fn everything_known_comes_before_the_message() {
        let expected = "\
Quarantine 9
reason               malformed
it says              expected JSON
field                date
service              tms-adapter
partner              c1
subject              in.tms.c1.status
came in as           INBOX 4
received             1970-01-01T00:00:01.500Z
tries                2
header Content-Type  a/b, c

Message (8 B)
{\"a\": 1
";
        assert_eq!(text_of("{\"a\": 1\n"), expected);
    }

    #[test]
    fn bytes_that_are_no_text_are_dumped() {
        assert!(
            text_of(vec![0xff, b'A'])
                .ends_with("Message (2 B)\n00000000  ff 41                                            .A\n")
        );
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let long = "ü".repeat(MOST_SHOWN);
        let text = text_of(format!("x{long}"));
        assert!(text.contains("Message (the beginning of 32.0 KiB)\nxüü"), "{}", &text[..600]);
        assert!(text.ends_with("--raw\n"));
    }

    #[test]
    fn programs_get_text_or_hex_and_all_of_it() {
        let json = |raw: &'static [u8]| {
            let about = about(Kind::Invalid, "c1", "x");
            serde_json::to_value(shown(Kept { sequence: 9, about, raw: Some(Bytes::from_static(raw)) })).unwrap()
        };
        assert_eq!((json(b"ab")["text"].as_str(), json(b"ab")["hex"].as_str()), (Some("ab"), None));
        assert_eq!((json(&[255, 1])["text"].as_str(), json(&[255, 1])["hex"].as_str()), (None, Some("ff01")));
        let shown = json(b"ab");
        assert_eq!((&shown["sequence"], &shown["about"]["sequence"]), (&9.into(), &4.into()));
        assert_eq!(shown["about"]["reason"]["kind"], "invalid");
    }
}
