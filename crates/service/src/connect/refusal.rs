//! Which failed attempts to connect would fail again and again, and what to do about them.

use async_nats::rustls::{self, AlertDescription, CertificateError};
use async_nats::{ConnectErrorKind, ServerError};
use std::error::Error;
use std::io;

/// A failure that trying again does not mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server does not take this user.
    User,
    /// The two sides do not trust each other's certificates; what to do about it.
    Tls(&'static str),
}

/// What an attempt failed with, if trying again is in vain.
pub(super) fn refusal(error: &async_nats::ConnectError) -> Option<Refusal> {
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => return Some(Refusal::User),
        ConnectErrorKind::Tls => return Some(Refusal::Tls(advice(find_tls(error)))),
        ConnectErrorKind::ServerParse
        | ConnectErrorKind::Dns
        | ConnectErrorKind::TimedOut
        | ConnectErrorKind::Io
        | ConnectErrorKind::MaxReconnects => {}
    }
    let server = error.source().and_then(|source| source.downcast_ref::<ServerError>());
    if server.is_some_and(is_about_the_user) {
        return Some(Refusal::User);
    }
    find_tls(error).map(|tls| Refusal::Tls(advice(Some(tls))))
}

/// `user authentication expired`, `account authentication revoked` and the like.
fn is_about_the_user(error: &ServerError) -> bool {
    match error {
        ServerError::AuthorizationViolation => true,
        ServerError::Other(words) => {
            let words = words.to_ascii_lowercase();
            words.contains("authentication") && (words.contains("expired") || words.contains("revoked"))
        }
        ServerError::SlowConsumer(_) => false,
    }
}

/// The TLS library's own error, which an I/O error may carry.
fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(tls) = carried.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(tls);
        }
        next = error.source();
    }
    None
}

fn advice(error: Option<&rustls::Error>) -> &'static str {
    match error {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is by an authority nobody here trusts; name the authority's certificate with NATS_CA"
        }
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "its certificate is for another host; name the host in NATS_URL as the certificate does",
        Some(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => "its certificate has expired; have it renewed, or set this machine's clock",
        Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
            "it wants a certificate of this side; name it and its key with NATS_CERT and NATS_KEY"
        }
        Some(rustls::Error::AlertReceived(_)) => {
            "it does not take the certificate of this side; check NATS_CERT and who signed it"
        }
        Some(rustls::Error::InvalidMessage(_)) => "it does not speak TLS there; check the port, or leave TLS out",
        Some(_) | None => "check NATS_URL, NATS_CA, NATS_CERT and NATS_KEY",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_nats::ConnectError;

    #[test]
    fn what_time_may_mend_is_no_refusal() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(refusal(&ConnectError::with_source(ConnectErrorKind::Io, refused)), None);
        let full = ServerError::Other("maximum connections exceeded".to_owned());
        assert_eq!(refusal(&ConnectError::with_source(ConnectErrorKind::Io, full)), None);
    }

    #[test]
    fn a_user_that_has_expired_is_one() {
        let expired = ServerError::Other("User Authentication Expired".to_owned());
        assert_eq!(refusal(&ConnectError::with_source(ConnectErrorKind::Io, expired)), Some(Refusal::User));
    }

    #[test]
    fn a_tls_error_is_found_inside_an_io_error() {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = ConnectError::with_source(ConnectErrorKind::Io, io::Error::other(unknown));
        assert!(matches!(refusal(&error), Some(Refusal::Tls(advice)) if advice.contains("NATS_CA")));
    }
}
