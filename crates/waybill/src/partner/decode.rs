//! `waybill partner decode`

use std::path::PathBuf;

use partners::format::{Known, MAX_MESSAGE, Plain, plain};
use serde::Serialize;
use serde_json::Value;

use super::known::Text;
use super::sample::{bytes, message};
use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::text::{bad, harmless, line};

/// Which file, and how it is written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A message as the partner sends it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is written; else as it looks
    #[arg(long, value_name = "FORMAT", value_parser = format, conflicts_with = "profile")]
    format: Option<Known>,
    /// Read it as this profile does, with its loops, columns and encoding: a file, or the name of one that comes with Waybill
    #[arg(long, value_name = "FILE|TEMPLATE")]
    profile: Option<String>,
    /// The message of the profile that it is; see `partner check`
    #[arg(long, value_name = "MESSAGE", requires = "profile")]
    message: Option<String>,
}

/// A message as a tree.
#[derive(Debug, Serialize)]
struct Decoded {
    /// The format, or the message of the profile.
    read_as: String,
    tree: Value,
    wrong: Vec<String>,
    /// What is wrong too, and breaks nothing: the profile forgives it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forgiven: Vec<String>,
}

fn format(text: &str) -> Result<Known, String> {
    Known::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| {
        let known: Vec<&str> = Known::ALL.into_iter().map(Known::as_str).collect();
        format!("expected one of {}; what needs columns needs a --profile", known.join(", "))
    })
}

pub(super) fn run(args: &Args, output: Output) -> Result<Verdict, Failure> {
    let decoded = decode(args)?;
    let is_wrong = !decoded.wrong.is_empty();
    output.show(&decoded, render)?;
    Ok(if is_wrong { Verdict::Wrong } else { Verdict::Fine })
}

fn decode(args: &Args) -> Result<Decoded, Failure> {
    let raw = bytes(&args.file, MAX_MESSAGE)?;
    let (read_as, read) = match &args.profile {
        Some(profile) => {
            let profile = Text::find(profile)?.compile(None)?;
            let message = message(&profile, args.message.as_deref(), &args.file)?;
            let read = profile.plain(&message, &raw);
            (message, read)
        }
        None => {
            let format = args.format.unwrap_or_else(|| Known::of(&raw));
            (format.as_str().to_owned(), plain(format, &raw))
        }
    };
    Ok(match read {
        Ok(Plain { tree, wrong, forgiven }) => {
            let [wrong, forgiven] = [wrong, forgiven].map(|told| told.iter().map(ToString::to_string).collect());
            Decoded { read_as, tree, wrong, forgiven }
        }
        Err(why) => Decoded { read_as, tree: Value::Null, wrong: vec![why.to_string()], forgiven: Vec::new() },
    })
}

fn render(decoded: &Decoded) -> String {
    let mut text = String::new();
    // A `Value` always has a JSON form, in which whatever a terminal would obey is written out but for a few letters.
    let tree = serde_json::to_string_pretty(&decoded.tree).unwrap_or_default();
    tree.lines().for_each(|shown| line(&mut text, harmless(shown)));
    line(&mut text, format!("read as {}", decoded.read_as));
    decoded.wrong.iter().for_each(|wrong| line(&mut text, format!("{} {}", bad("wrong"), harmless(wrong))));
    decoded.forgiven.iter().for_each(|told| line(&mut text, format!("forgiven {}", harmless(told))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, raw: &str, profile: Option<&str>) -> Decoded {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let profile = profile.map(|text| write("p.toml", text));
        decode(&Args {
            file: write(name, raw),
            format: None,
            profile: profile.map(|own| own.display().to_string()),
            message: None,
        })
        .unwrap()
    }

    #[test]
    fn a_file_is_shown_as_the_tree_that_paths_walk() {
        let raw =
            "UNA:+.? 'UNB+UNOC:3+A+B+260301:1200+7'UNH+1+ORDERS:D:96A:UN'BGM+220+PO?+1'LIN+1'QTY+21:5'UNT+5+1'UNZ+1+7'";
        let flat = decoded("orders.edi", raw, None);
        assert_eq!((flat.read_as.as_str(), flat.wrong.len()), ("edifact", 0), "{:?}", flat.wrong);
        assert_eq!(flat.tree["messages"][0]["BGM"][0]["2"], "PO+1");
        assert!(flat.tree["messages"][0]["QTY"].is_array());
        let profile = r#"
partner = "p"
system = "erp"
version = 1
[in.orders]
format = "edifact"
loops = { LIN = ["QTY"] }
each = "messages[*]"
order = "BGM.2"
[[in.orders.facts]]
kind = "cancel_requested"
reason = { value = "unknown" }
"#;
        let looped = decoded("orders.edi", raw, Some(profile));
        assert_eq!(looped.tree["messages"][0]["LIN"][0]["QTY"][0]["1"]["2"], "5", "{:?}", looped.tree);
    }

    #[test]
    fn what_a_profile_forgives_is_said_all_the_same() {
        let raw = "UNB+UNOC:3+A+B+260301:1200+7'UNH+1+ORDERS:D:96A:UN'BGM+220+PO'UNT+9+1'UNZ+1+7'";
        let profile = r#"
partner = "p"
system = "erp"
version = 1
[in.orders]
format = "edifact"
counts = "forgiven"
each = "messages[*]"
order = "BGM.2"
[[in.orders.facts]]
kind = "cancel_requested"
reason = { value = "unknown" }
"#;
        let forgiven = decoded("orders.edi", raw, Some(profile));
        assert_eq!((forgiven.wrong.len(), forgiven.forgiven.len()), (0, 1), "{forgiven:?}");
        assert!(render(&forgiven).contains("forgiven contradictory: `messages[0]` has 3 segments"), "{forgiven:?}");
        assert_eq!(decoded("orders.edi", raw, None).wrong.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cut = decoded("x.json", "{\"a\": ", None);
        assert_eq!((cut.tree, cut.wrong.len()), (Value::Null, 1));
        let text = render(&decoded("x.csv", "a,b\n1\n", None));
        assert!(text.contains("read as csv") && text.contains("on line 2"), "{text}");
    }
}
