//! `waybill schema`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::schemas;
use crate::text::line;

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write one file for each schema into this folder; without it they are printed as one JSON object
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What was done to the folder.
#[derive(Debug, Serialize)]
struct Written {
    folder: PathBuf,
    written: Vec<String>,
}

pub(crate) fn run(args: &Args, output: Output) -> Result<Verdict, Failure> {
    let all = schemas::all();
    if let Some(folder) = &args.out {
        output.show(&write(folder, &all)?, render)?;
    } else {
        let all: BTreeMap<String, Value> = all.into_iter().collect();
        output.show(&all, |all| format!("{}\n", text(&Value::from_iter(all.clone()))))?;
    }
    Ok(Verdict::Fine)
}

/// A schema as its file holds it.
pub(crate) fn text(schema: &Value) -> String {
    // A `Value` always has a JSON form.
    serde_json::to_string_pretty(schema).unwrap_or_default()
}

fn write(folder: &Path, all: &[(String, Value)]) -> Result<Written, Failure> {
    let at = |path: &Path| format!("cannot write {}", path.display());
    fs::create_dir_all(folder).with_context(|| at(folder))?;
    for (name, schema) in all {
        let path = folder.join(name);
        fs::write(&path, text(schema) + "\n").with_context(|| at(&path))?;
    }
    let written = all.iter().map(|(name, _)| name.clone()).collect();
    Ok(Written { folder: folder.to_path_buf(), written })
}

fn render(written: &Written) -> String {
    let mut text = String::new();
    let folder = written.folder.display();
    written.written.iter().for_each(|name| line(&mut text, format!("wrote {folder}/{name}")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schema_becomes_a_file_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("package.json"), "{}").unwrap();
        let all = vec![("fact.json".to_owned(), serde_json::json!({ "type": "object" }))];
        let written = write(folder.path(), &all).unwrap();
        assert_eq!(written.written, ["fact.json"]);
        let file = fs::read_to_string(folder.path().join("fact.json")).unwrap();
        assert_eq!(file, "{\n  \"type\": \"object\"\n}\n");
        assert!(folder.path().join("package.json").is_file());
    }
}
