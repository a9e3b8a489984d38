//! TLS: the server shows a certificate and wants one.

use super::{broker, file, refused, works};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use service::connect::ConnectError;
use service::settings::NatsSettings;
use std::path::{Path, PathBuf};

/// An authority and the file with its certificate.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(super) file: PathBuf,
}

impl Authority {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = file(folder, &format!("{name}.pem"), &issuer.pem());
        Self { issuer, file }
    }

    /// A certificate for these host names, and its key.
    pub(super) fn certify(&self, folder: &Path, name: &str, hosts: &[&str]) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let certificate = CertificateParams::new(hosts).unwrap().signed_by(&key, &self.issuer).unwrap();
        (
            file(folder, &format!("{name}.pem"), &certificate.pem()),
            file(folder, &format!("{name}.key"), &key.serialize_pem()),
        )
    }
}

/// The part of a server's configuration that turns TLS on.
pub(super) fn tls(certificate: &(PathBuf, PathBuf), authority: &Authority, verify: bool) -> String {
    let (certificate, key) = (certificate.0.display(), certificate.1.display());
    let ca = authority.file.display();
    format!(
        "tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", ca_file: \"{ca}\", verify: {verify}, \
         handshake_first: auto }}"
    )
}

fn refuses_tls(error: &ConnectError, advice: &str) {
    assert!(matches!(error, ConnectError::Tls { .. }), "{error}");
    assert!(error.to_string().contains(advice), "{error}");
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_and_for_its_host_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "other"));
    let certificate = ours.certify(folder.path(), "server", &["localhost"]);
    let broker = broker(tls(&certificate, &ours, false)).await;
    let with = |host: &str, ca: Option<&Authority>| NatsSettings {
        tls_ca: ca.map(|ca| ca.file.clone()),
        ..NatsSettings::url(format!("tls://{host}:{}", broker.port()))
    };
    works(&with("localhost", Some(&ours))).await;
    refuses_tls(&refused(&with("localhost", Some(&other))).await, "NATS_CA");
    refuses_tls(&refused(&with("127.0.0.1", Some(&ours))).await, "another host");
    // Without an authority of our own the machine's are trusted, where it has any.
    refused(&with("localhost", None)).await;
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "other"));
    let certificate = ours.certify(folder.path(), "server", &["localhost", "127.0.0.1"]);
    let broker = broker(tls(&certificate, &ours, true)).await;
    let with = |own: Option<(PathBuf, PathBuf)>| {
        let (tls_cert, tls_key) = own.unzip();
        NatsSettings { tls_ca: Some(ours.file.clone()), tls_cert, tls_key, ..NatsSettings::url(broker.url()) }
    };
    works(&with(Some(ours.certify(folder.path(), "client", &["waybill"])))).await;
    refuses_tls(&refused(&with(None)).await, "NATS_CERT");
    refuses_tls(&refused(&with(Some(other.certify(folder.path(), "stranger", &["waybill"])))).await, "NATS_CERT");
}

#[tokio::test]
async fn a_server_without_tls_is_not_taken_for_one_that_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let broker = broker("debug: false".to_owned()).await;
    let settings = NatsSettings { tls_ca: Some(ours.file.clone()), ..NatsSettings::url(broker.url()) };
    refuses_tls(&refused(&settings).await, "does not speak TLS");
}
