//! Users that prove who they are with a JWT: an operator signs for an account, the account signs for the user.

use super::{broker, file, refused, works};
use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};
use service::connect::ConnectError;
use service::settings::NatsSettings;
use std::path::{Path, PathBuf};

/// 2020-01-01, when everything here was issued.
const ISSUED: u64 = 1_577_836_800;

/// A JWT as NATS signs them (`ed25519-nkey`).
fn sign(issuer: &KeyPair, subject: &KeyPair, name: &str, expires: Option<u64>, claims: Value) -> String {
    let mut body = json!({
        "jti": name, "iat": ISSUED, "iss": issuer.public_key(), "sub": subject.public_key(), "name": name, "nats": claims,
    });
    if let Some(expires) = expires {
        body["exp"] = expires.into();
    }
    let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let text = format!("{}.{}", encode(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), encode(&body));
    let signature = BASE64URL_NOPAD.encode(&issuer.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

fn account(operator: &KeyPair, account: &KeyPair, name: &str, storage: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": storage, "disk_storage": storage, "streams": -1, "consumer": -1,
    });
    sign(operator, account, name, None, json!({ "type": "account", "version": 2, "limits": limits }))
}

/// A credentials file of a user for whom `issuer` signs.
fn credentials(folder: &Path, name: &str, issuer: &KeyPair, expires: Option<u64>) -> PathBuf {
    let user = KeyPair::new_user();
    let claims = json!({ "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
    let jwt = sign(issuer, &user, name, expires, claims);
    let seed = user.seed().unwrap();
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    file(folder, name, &text)
}

#[tokio::test]
async fn credentials_let_in_whom_the_account_signed_for() {
    let (operator, system, acme) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let own = sign(&operator, &operator, "operator", None, json!({ "type": "operator", "version": 2 }));
    let config = format!(
        "operator: {own}\nsystem_account: {sys}\nresolver: MEMORY\nresolver_preload: {{ {sys}: {}, {}: {} }}",
        account(&operator, &system, "SYS", 0),
        acme.public_key(),
        account(&operator, &acme, "ACME", -1),
        sys = system.public_key(),
    );
    let broker = broker(config).await;
    let folder = tempfile::tempdir().unwrap();
    let with = |path: PathBuf| NatsSettings { nats_creds: Some(path), ..NatsSettings::url(broker.url()) };

    works(&with(credentials(folder.path(), "user.creds", &acme, None))).await;
    let stranger = credentials(folder.path(), "stranger.creds", &KeyPair::new_account(), None);
    let expired = credentials(folder.path(), "expired.creds", &acme, Some(ISSUED + 60));
    for settings in [with(stranger), with(expired), NatsSettings::url(broker.url())] {
        let error = refused(&settings).await;
        assert!(matches!(error, ConnectError::Refused { .. }), "{error}");
        assert!(error.to_string().contains("refuses this user") && error.to_string().contains("NATS_CREDS"), "{error}");
    }
}
