//! The version a nats-server says it has.

use std::fmt;

/// The oldest nats-server that has all Waybill needs: scheduled messages came with 2.12.
pub const OLDEST: Version = Version { major: 2, minor: 12, patch: 0 };

/// A nats-server version, compared by its numbers; a pre-release counts as its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl Version {
    /// Reads what `nats-server --version` prints, such as `nats-server: v2.15.1`.
    pub fn parse(printed: &str) -> Option<Self> {
        let word = printed.split_whitespace().next_back()?;
        let numbers = word.strip_prefix('v').unwrap_or(word);
        let numbers = numbers.split(['-', '+']).next()?;
        let mut parts = numbers.split('.').map(str::parse);
        let version = Self { major: parts.next()?.ok()?, minor: parts.next()?.ok()?, patch: parts.next()?.ok()? };
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_server_prints() {
        let version = |major, minor, patch| Some(Version { major, minor, patch });
        assert_eq!(Version::parse("nats-server: v2.15.1\n"), version(2, 15, 1));
        assert_eq!(Version::parse("nats-server: v2.12.0-RC.2"), version(2, 12, 0));
        assert_eq!(Version::parse("2.9.25"), version(2, 9, 25));
        for nonsense in ["", "nats-server", "v2.15", "v2.15.x", "v1.2.3.4", "command not found"] {
            assert_eq!(Version::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn compares_numbers_not_letters() {
        let parse = |text| Version::parse(text).unwrap();
        assert!(parse("v2.9.99") < OLDEST);
        assert!(parse("v2.12.0") >= OLDEST);
        assert!(parse("v2.100.0") > parse("v2.15.1"));
        assert!(parse("v3.0.0") > OLDEST);
    }
}
