//! Users that prove who they are with an NKey.

use super::{broker, file, refused, works};
use nkeys::KeyPair;
use service::connect::ConnectError;
use service::settings::NatsSettings;

#[tokio::test]
async fn an_nkey_lets_its_user_in_and_nobody_else() {
    let (user, stranger) = (KeyPair::new_user(), KeyPair::new_user());
    let broker = broker(format!("authorization {{ users: [ {{ nkey: {} }} ] }}", user.public_key())).await;
    let folder = tempfile::tempdir().unwrap();
    let seed = |name: &str, pair: &KeyPair| {
        let path = file(folder.path(), name, &format!("{}\n{}\n", pair.seed().unwrap(), pair.public_key()));
        NatsSettings { nats_nkey: Some(path), ..NatsSettings::url(broker.url()) }
    };
    works(&seed("user.nk", &user)).await;
    for settings in [seed("stranger.nk", &stranger), NatsSettings::url(broker.url())] {
        let error = refused(&settings).await;
        assert!(matches!(error, ConnectError::Refused { .. }), "{error}");
        assert!(error.to_string().contains("refuses this user") && error.to_string().contains("NATS_NKEY"), "{error}");
    }
}
