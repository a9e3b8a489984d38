//! What a process uses of the machine, as Linux tells it.

use std::path::PathBuf;

/// Memory and processor time of one process.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Usage {
    /// Memory it holds in RAM.
    pub resident_bytes: u64,
    /// Processor time it has used since it began, in seconds.
    pub cpu_seconds: f64,
}

/// Usage of this process; None where there is no `/proc`.
pub fn usage() -> Option<Usage> {
    read("self")
}

/// Usage of another process; None when it is gone or there is no `/proc`.
pub fn usage_of(pid: u32) -> Option<Usage> {
    read(&pid.to_string())
}

fn read(process: &str) -> Option<Usage> {
    let folder = PathBuf::from("/proc").join(process);
    let resident_bytes = resident_bytes(&std::fs::read_to_string(folder.join("status")).ok()?)?;
    let ticks = cpu_ticks(&std::fs::read_to_string(folder.join("stat")).ok()?)?;
    // Ticks of a process fit into f64 exactly for longer than any machine runs.
    let cpu_seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    Some(Usage { resident_bytes, cpu_seconds })
}

/// `VmRSS:     12345 kB`
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Fields 14 and 15, user and system time; the second field is the program's name in brackets, which may hold spaces.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_the_program_is_called() {
        let stat = "42 (a ) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 1 2 3";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t   2048 kB\nThreads:\t4\n"), Some(2048 * 1024));
        assert_eq!((cpu_ticks("42 (x"), resident_bytes("")), (None, None));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_uses_memory() {
        let own = usage().unwrap();
        assert!(own.resident_bytes > 100_000 && own.cpu_seconds >= 0.0);
        assert!(usage_of(std::process::id()).is_some());
        assert_eq!(usage_of(u32::MAX), None);
    }
}
