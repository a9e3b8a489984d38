//! Waiting until a child has said where it listens and answers there with JetStream on.

use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The server's greeting is under 2 kB; more is another kind of server.
const GREETING_LIMIT: usize = 16 * 1024;
/// A greeting comes with the first packet.
const GREETING_TIMEOUT: Duration = Duration::from_secs(2);

/// The port in the file the server writes once it listens: `{"nats":["nats://127.0.0.1:37865"]}`. None while there is
/// no such file, or half of one.
pub(crate) fn port(folder: &Path) -> Option<u16> {
    let file = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let mut file = file.filter(|path| path.extension().is_some_and(|extension| extension == "ports"));
    port_in(&std::fs::read_to_string(file.next()?).ok()?)
}

fn port_in(text: &str) -> Option<u16> {
    let (_, after) = text.trim_end().strip_suffix('}')?.split_once("127.0.0.1:")?;
    after.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// True when the server at `port` greets a client and has JetStream.
pub(crate) async fn has_jetstream(port: u16) -> bool {
    let greeting = tokio::time::timeout(GREETING_TIMEOUT, greeting(port)).await;
    matches!(greeting, Ok(Ok(text)) if text.contains("\"jetstream\":true"))
}

async fn greeting(port: u16) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await?;
    let mut text = Vec::new();
    while !text.contains(&b'\n') && text.len() < GREETING_LIMIT {
        if connection.read_buf(&mut text).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_file_is_read_only_when_whole() {
        assert_eq!(port_in(r#"{"nats":["nats://127.0.0.1:37865"]}"#), Some(37865));
        assert_eq!(port_in(r#"{"nats":["nats://127.0.0.1:378"#), None);
        assert_eq!(port_in(""), None);
    }
}
