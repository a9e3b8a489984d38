//! The configuration file a child is started with.

use std::path::Path;

/// How often the broker writes what it has acknowledged through to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fsync {
    /// The server's own interval of two minutes: a killed broker loses nothing, a power cut up to that much.
    #[default]
    Default,
    /// Before each acknowledgement: a power cut loses nothing, at a tenth of the speed.
    Always,
}

/// The largest message the broker takes. Leaves room for a large order and its headers; the server warns above it.
const MAX_PAYLOAD: &str = "8MB";
/// What streams may promise to hold together. The server's default, three quarters of the free disk, would refuse
/// streams with a byte limit on a small machine; what really bounds a child is its disk.
const MAX_FILE_STORE: &str = "1TB";
/// Size and number of log files kept.
const LOG_SIZE_LIMIT: &str = "16MB";
const LOG_FILES: u32 = 2;

/// The file's text. `port` -1 lets the server choose a free one.
pub(crate) fn text(folder: &Path, port: i32, fsync: Fsync, extra: &[String]) -> String {
    let sync_interval = match fsync {
        Fsync::Default => "2m",
        Fsync::Always => "always",
    };
    let (store, log, ports) = (quoted(folder), quoted(&folder.join(crate::child::LOG)), quoted(&folder.join("ports")));
    let mut text = format!(
        "server_name: waybill\n\
         listen: \"127.0.0.1:{port}\"\n\
         max_payload: {MAX_PAYLOAD}\n\
         ports_file_dir: {ports}\n\
         log_file: {log}\n\
         logfile_size_limit: {LOG_SIZE_LIMIT}\n\
         logfile_max_num: {LOG_FILES}\n\
         jetstream {{ store_dir: {store}, sync_interval: {sync_interval}, max_file_store: {MAX_FILE_STORE} }}\n"
    );
    for line in extra {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// A path in double quotes, as the server's configuration language escapes them.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fsync_port_and_extra_lines_are_written() {
        let text = text(Path::new("/tmp/a \"b\""), 4333, Fsync::Always, &["http_port: 8222".to_owned()]);
        assert!(text.contains("sync_interval: always"));
        assert!(text.contains("127.0.0.1:4333"));
        assert!(text.contains(r#"store_dir: "/tmp/a \"b\"""#), "{text}");
        assert!(text.ends_with("http_port: 8222\n"));
    }
}
