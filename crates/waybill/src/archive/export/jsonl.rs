//! The archived lines of many orders, each order's behind a line that names it.

use std::io::{self, Write};

use visibility::archive::Heading;

use super::Trail;

pub(super) fn add(trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
    let heading =
        Heading { order: trail.key.text(), entries: trail.entries.len() as u64, digest: trail.digest.clone() };
    serde_json::to_writer(&mut *out, &heading)?;
    out.write_all(b"\n")?;
    out.write_all(&trail.lines)
}
