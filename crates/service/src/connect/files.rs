//! The files a connection is made with, read and checked before the first attempt, so that a mistake in one is named
//! now and not taken for a server that is down.

use super::ConnectError;
use async_nats::rustls::pki_types::pem::{self, PemObject};
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore};
use nkeys::{KeyPair, KeyPairType};
use std::path::Path;

/// How the seed of a user's NKey begins.
const USER_SEED: &str = "SU";

/// The text of a credentials file, and that it holds a JWT and a seed.
pub(super) fn credentials(path: &Path) -> Result<String, ConnectError> {
    let text = String::from_utf8(read("credentials", path)?).map_err(|_| content("credentials", path, "not a text"))?;
    let sections = ["BEGIN NATS USER JWT", "BEGIN USER NKEY SEED"];
    match sections.into_iter().find(|section| !text.contains(section)) {
        None => Ok(text),
        Some(section) => Err(content(
            "credentials",
            path,
            format!("no line -----{section}-----; expected a *.creds file as nsc writes it"),
        )),
    }
}

/// The seed in an NKey file: its first line that looks like one, as `nk -gen user` writes it.
pub(super) fn seed(path: &Path) -> Result<String, ConnectError> {
    const WHAT: &str = "NKey seed";
    let text = String::from_utf8(read(WHAT, path)?).map_err(|_| content(WHAT, path, "not a text"))?;
    let seed = text.lines().map(str::trim).find(|line| line.starts_with(USER_SEED));
    let seed = seed.ok_or_else(|| content(WHAT, path, "no line that begins with SU; expected the seed of a user"))?;
    let pair = KeyPair::from_seed(seed).map_err(|error| content(WHAT, path, format!("not a seed: {error}")))?;
    if pair.key_pair_type() != KeyPairType::User {
        return Err(content(WHAT, path, "the seed of something else than a user"));
    }
    Ok(seed.to_owned())
}

/// The authorities to trust in a PEM file.
pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    certificates("authorities' certificates", path)
}

/// Checks that a certificate and its key are there and belong together.
pub(super) fn own(certificate: &Path, key: &Path) -> Result<(), ConnectError> {
    const KEY: &str = "certificate's key";
    let chain = certificates("certificate", certificate)?;
    let private =
        PrivateKeyDer::from_pem_slice(&read(KEY, key)?).map_err(|error| content(KEY, key, in_words(&error)))?;
    let config = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    config.with_client_auth_cert(chain, private).map(drop).map_err(|error| {
        content(KEY, key, format!("it does not go with the certificate {}: {error}", certificate.display()))
    })
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let bytes = read(what, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|error| content(what, path, in_words(&error)))?;
    if found.is_empty() { Err(content(what, path, "no certificate; expected PEM")) } else { Ok(found) }
}

fn in_words(error: &pem::Error) -> String {
    if matches!(error, pem::Error::NoItemsFound) {
        "nothing of its kind; expected PEM".to_owned()
    } else {
        format!("{error}; expected PEM")
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, ConnectError> {
    std::fs::read(path).map_err(|source| ConnectError::File { what, path: path.to_path_buf(), source })
}

fn content(what: &'static str, path: &Path, problem: impl Into<String>) -> ConnectError {
    ConnectError::Content { what, path: path.to_path_buf(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_seed_is_found_among_other_lines() {
        let user = KeyPair::new_user();
        let text = format!("\n{}\n{}\n", user.seed().unwrap(), user.public_key());
        assert_eq!(seed(file(&text).path()).unwrap(), user.seed().unwrap());
    }

    #[test]
    fn each_wrong_file_says_what_it_is_not() {
        let says = |error: ConnectError| error.to_string();
        let nonsense = file("nonsense");
        assert!(says(seed(nonsense.path()).unwrap_err()).contains("begins with SU"));
        assert!(says(seed(file("SUAXXX").path()).unwrap_err()).contains("not a seed"));
        assert!(
            says(seed(file(&KeyPair::new_account().seed().unwrap()).path()).unwrap_err()).contains("seed of a user")
        );
        assert!(says(credentials(nonsense.path()).unwrap_err()).contains("BEGIN NATS USER JWT"));
        assert!(says(authorities(nonsense.path()).unwrap_err()).contains("expected PEM"));
        assert!(says(own(nonsense.path(), nonsense.path()).unwrap_err()).contains("certificate"));
        assert!(says(seed(Path::new("/no/such")).unwrap_err()).starts_with("cannot read NKey seed /no/such"));
    }

    #[test]
    fn a_certificate_and_the_key_of_another_do_not_go_together() {
        let one = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["b".to_owned()]).unwrap();
        let certificate = file(&one.cert.pem());
        own(certificate.path(), file(&one.signing_key.serialize_pem()).path()).unwrap();
        let error = own(certificate.path(), file(&other.signing_key.serialize_pem()).path()).unwrap_err();
        assert!(error.to_string().contains("does not go with the certificate"), "{error}");
    }
}
