//! A nats-server as a child process: start, stop, kill, start again.

use crate::config::{self, Fsync};
use crate::error::BrokerError;
use crate::watchdog::Watchdog;
use crate::{find, ready};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The server's log in the data folder.
pub(crate) const LOG: &str = "nats-server.log";
/// What it prints before it has a log, such as a mistake in its configuration.
const FIRST_WORDS: &str = "nats-server.out";
/// How long a broker may take to be ready; restoring a million subjects takes 2 to 6 s on one machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How often it is looked at meanwhile.
const POLL: Duration = Duration::from_millis(10);
/// How long a broker may take to close its files before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a drop waits for a killed child to be gone, so that its folder can be removed.
const DROP_TIMEOUT: Duration = Duration::from_secs(2);
/// A restart wants the port it had; someone's outgoing connection may hold it for a moment.
const PORT_TRIES: u32 = 20;
const PORT_PAUSE: Duration = Duration::from_millis(250);
/// Has the server's runtime collect garbage when its memory has grown by a quarter and not when it has doubled: it holds a
/// third less, and takes no more processor time that could be measured.
const COLLECT_AT: (&str, &str) = ("GOGC", "25");
/// How many lines of log an error shows.
const LAST_LINES: usize = 12;

/// How to run a broker. The default is a free port and a temporary folder.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folder for streams, configuration and log; None is a temporary one, removed at the end.
    pub data_dir: Option<PathBuf>,
    /// Port on 127.0.0.1; None lets the server choose a free one.
    pub port: Option<u16>,
    /// When what is acknowledged reaches the disk.
    pub fsync: Fsync,
    /// More lines for the server's configuration file, such as accounts and permissions.
    pub extra_config: Vec<String>,
}

/// How a broker goes down in a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Asked to end; it closes its files.
    Graceful,
    /// `kill -9`.
    Kill,
}

/// A running nats-server. Dropping it kills the server and removes a temporary data folder.
#[derive(Debug)]
pub struct Broker {
    // Dropped in this order: the child before its folder, and the watch over both at the end.
    child: Child,
    program: PathBuf,
    port: u16,
    data_dir: PathBuf,
    options: Options,
    _lock: File,
    _temporary: Option<TempDir>,
    watchdog: Watchdog,
}

/// Finds or gets a nats-server, starts it and waits until it answers with JetStream on.
///
/// # Errors
/// When there is no usable program, the data folder is taken, or the server does not come up; the error then shows the
/// last lines of its log.
pub async fn start(options: Options) -> Result<Broker, BrokerError> {
    let program = find().await?;
    let temporary = match &options.data_dir {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("waybill-broker-")
                .tempdir()
                .map_err(BrokerError::io("create a folder in", std::env::temp_dir()))?,
        ),
    };
    let data_dir = options.data_dir.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_path_buf()));
    let data_dir = data_dir.unwrap_or_default();
    std::fs::create_dir_all(&data_dir).map_err(BrokerError::io("create", &data_dir))?;
    let data_dir = data_dir.canonicalize().map_err(BrokerError::io("find", &data_dir))?;
    let lock = lock(&data_dir)?;
    let watchdog = Watchdog::over(temporary.as_ref().map(TempDir::path));
    let (child, port) = launch(&program, &data_dir, options.port, &options, &watchdog).await?;
    tracing::debug!(port, data_dir = %data_dir.display(), "nats-server started");
    Ok(Broker { child, program, port, data_dir, options, _lock: lock, _temporary: temporary, watchdog })
}

impl Broker {
    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The port it listens on; a restart keeps it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id; None when it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// The folder with its streams, configuration and log.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Asks the server to end, waits until it has, and kills it when that takes too long.
    ///
    /// # Errors
    /// When the system does not let the child be ended.
    pub async fn stop(mut self) -> Result<(), BrokerError> {
        self.down(Restart::Graceful).await
    }

    /// Kills the server as `kill -9` does and waits until it is gone.
    ///
    /// # Errors
    /// When the system does not let the child be ended.
    pub async fn kill(mut self) -> Result<(), BrokerError> {
        self.down(Restart::Kill).await
    }

    /// Takes the server down and starts it again on the same port and data.
    ///
    /// # Errors
    /// When it does not come up again, as in [`start`].
    pub async fn restart(&mut self, how: Restart) -> Result<(), BrokerError> {
        self.down(how).await?;
        self.up().await
    }

    /// Takes the server down and leaves it down until [`Broker::up`]: an outage.
    ///
    /// # Errors
    /// When the system does not let the child be ended.
    pub async fn down(&mut self, how: Restart) -> Result<(), BrokerError> {
        let pid = self.child.id();
        match how {
            Restart::Graceful => {
                ask_to_end(&self.child).map_err(BrokerError::io("stop", &self.program))?;
                self.watchdog.forget(pid);
                if tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
                    tracing::warn!("nats-server did not end within {STOP_TIMEOUT:?} and is killed");
                    self.child.kill().await.map_err(BrokerError::io("kill", &self.program))?;
                }
                Ok(())
            }
            Restart::Kill => {
                self.child.start_kill().map_err(BrokerError::io("kill", &self.program))?;
                self.watchdog.forget(pid);
                self.child.wait().await.map(drop).map_err(BrokerError::io("kill", &self.program))
            }
        }
    }

    /// Waits until the server ends without having been told to, and says how, with the end of its log. It stays down until
    /// [`Broker::up`]; asked again before that, the answer is the same. May be dropped and called again.
    pub async fn ended(&mut self) -> String {
        let pid = self.child.id();
        let status = self.child.wait().await;
        self.watchdog.forget(pid);
        let how = status.map_or_else(|error| format!("an unknown status ({error})"), |status| status.to_string());
        format!("{how}; the end of its log:\n{}", last_words(&self.data_dir))
    }

    /// Starts the server again after [`Broker::down`] or [`Broker::ended`], on the same port and data.
    ///
    /// # Errors
    /// When it does not come up, as in [`start`].
    pub async fn up(&mut self) -> Result<(), BrokerError> {
        let mut tries = 0;
        let (child, _) = loop {
            tries += 1;
            match launch(&self.program, &self.data_dir, Some(self.port), &self.options, &self.watchdog).await {
                Err(BrokerError::Exited { log, .. })
                    if log.contains("address already in use") && tries < PORT_TRIES =>
                {
                    tokio::time::sleep(PORT_PAUSE).await;
                }
                other => break other?,
            }
        };
        self.child = child;
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let pid = self.child.id();
        if self.child.start_kill().is_err() {
            return;
        }
        self.watchdog.forget(pid);
        let killed = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && killed.elapsed() < DROP_TIMEOUT {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Two servers on one folder would destroy each other's streams; the lock goes with this process.
fn lock(data_dir: &Path) -> Result<File, BrokerError> {
    let path = data_dir.join("broker.lock");
    let file = File::create(&path).map_err(BrokerError::io("create", &path))?;
    file.try_lock().map_err(|_| BrokerError::DataFolderInUse { path: data_dir.to_path_buf() })?;
    Ok(file)
}

/// Starts the program and waits until it is ready.
async fn launch(
    program: &Path,
    data_dir: &Path,
    port: Option<u16>,
    options: &Options,
    watchdog: &Watchdog,
) -> Result<(Child, u16), BrokerError> {
    let ports = data_dir.join("ports");
    // A killed server leaves its ports file, and what a log says is about this start alone.
    std::fs::remove_dir_all(&ports).or_else(not_found_is_fine).map_err(BrokerError::io("remove", &ports))?;
    std::fs::create_dir_all(&ports).map_err(BrokerError::io("create", &ports))?;
    let log = data_dir.join(LOG);
    std::fs::remove_file(&log).or_else(not_found_is_fine).map_err(BrokerError::io("remove", &log))?;
    let file = data_dir.join("nats-server.conf");
    let text = config::text(data_dir, port.map_or(-1, i32::from), options.fsync, &options.extra_config);
    std::fs::write(&file, text).map_err(BrokerError::io("write", &file))?;

    let words = data_dir.join(FIRST_WORDS);
    let output = File::create(&words).map_err(BrokerError::io("create", &words))?;
    let errors = output.try_clone().map_err(BrokerError::io("open", &words))?;
    let mut command = Command::new(program);
    command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(output).stderr(errors).kill_on_drop(true);
    if std::env::var_os(COLLECT_AT.0).is_none() {
        command.env(COLLECT_AT.0, COLLECT_AT.1);
    }
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(BrokerError::io("run", program))?;
    let mut starting = Starting { watchdog, pid: child.id() };
    watchdog.watch(starting.pid);
    let port = wait_until_ready(&mut child, data_dir, &ports).await?;
    starting.pid = None;
    Ok((child, port))
}

/// A child that goes, and the watch over it with it, when its start fails or is no longer waited for.
struct Starting<'a> {
    watchdog: &'a Watchdog,
    pid: Option<u32>,
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        if self.pid.is_some() {
            self.watchdog.forget(self.pid);
        }
    }
}

async fn wait_until_ready(child: &mut Child, data_dir: &Path, ports: &Path) -> Result<u16, BrokerError> {
    let started = Instant::now();
    while started.elapsed() < START_TIMEOUT {
        if let Some(status) = child.try_wait().map_err(BrokerError::io("wait for", data_dir))? {
            return Err(BrokerError::Exited { status: status.to_string(), log: last_words(data_dir) });
        }
        if let Some(port) = ready::port(ports)
            && ready::has_jetstream(port).await
        {
            return Ok(port);
        }
        tokio::time::sleep(POLL).await;
    }
    Err(BrokerError::NotReady { waited: START_TIMEOUT, log: last_words(data_dir) })
}

/// The end of the server's log, and what it printed before it had one.
fn last_words(data_dir: &Path) -> String {
    let texts = [FIRST_WORDS, LOG].map(|name| std::fs::read_to_string(data_dir.join(name)).unwrap_or_default());
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

fn not_found_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(unix)]
fn ask_to_end(child: &Child) -> std::io::Result<()> {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
    match pid {
        Some(pid) => Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn ask_to_end(_child: &Child) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
