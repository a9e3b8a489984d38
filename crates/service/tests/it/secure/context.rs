//! A context of the `nats` command line that names all of it: address, user, authority, own certificate.

use super::certificates::{Authority, tls};
use super::{broker, file, works};
use crate::another_process;
use serde_json::json;
use service::settings::NatsSettings;

/// Not a test of its own: connects by the context in `TEST_CONTEXT`, which it looks for where its environment says.
#[tokio::test]
async fn process_that_connects() {
    let Ok(context) = std::env::var("TEST_CONTEXT") else { return };
    works(&NatsSettings { nats_context: Some(context), ..NatsSettings::default() }).await;
    println!("\nconnected");
}

async fn connects(config: &std::path::Path, context: &str) -> bool {
    let mut process = another_process("secure::context::process_that_connects");
    let output = process.env("XDG_CONFIG_HOME", config).env("TEST_CONTEXT", context).output().await.unwrap();
    String::from_utf8(output.stdout).unwrap().lines().any(|line| line == "connected")
}

#[tokio::test]
async fn a_context_leads_to_a_server_that_demands_everything() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let server = ours.certify(folder.path(), "server", &["localhost"]);
    let (certificate, key) = ours.certify(folder.path(), "client", &["waybill"]);
    let users = "authorization { users: [ { user: ann, password: \"a word\" } ] }";
    let broker = broker(format!("{users}\n{}", tls(&server, &ours, true))).await;
    let contexts = folder.path().join("nats/context");
    std::fs::create_dir_all(&contexts).unwrap();
    let context = |password: &str, tls_first: bool| {
        let text = json!({
            "url": format!("nats://localhost:{}", broker.port()), "user": "ann", "password": password,
            "ca": ours.file, "cert": certificate, "key": key, "tls_first": tls_first, "inbox_prefix": "_INBOX_ann",
        });
        text.to_string()
    };
    file(&contexts, "right.json", &context("a word", false));
    file(&contexts, "first.json", &context("a word", true));
    file(&contexts, "wrong.json", &context("another", false));
    assert!(connects(folder.path(), "right").await);
    assert!(connects(folder.path(), "first").await, "TLS before the server's greeting");
    assert!(!connects(folder.path(), "wrong").await);
}
