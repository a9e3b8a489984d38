//! An archive as it is stored: gzip (RFC 1952), which any system will still read in ten years. A trail repeats itself, so
//! it takes an eighth of the room.

use std::borrow::Cow;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::ArchiveError;

/// The most bytes a stored archive may unpack to: a trail is far below it, and a forged one must not fill the memory.
const MOST_UNPACKED: u64 = 1024 * 1024 * 1024;

/// How anything that is packed begins.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes to store of an archive.
///
/// # Errors
/// [`ArchiveError::Packed`] when they cannot be packed; bytes in memory always can.
pub fn pack(bytes: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).map_err(|source| ArchiveError::Packed { source })
}

/// The archive in what was stored of it.
///
/// # Errors
/// [`ArchiveError::Packed`] when it was not written by [`pack`] or is damaged.
pub fn unpack(stored: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(stored).take(MOST_UNPACKED).read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|source| ArchiveError::Packed { source })
}

/// The archive in bytes that are packed, or are its lines already.
///
/// # Errors
/// [`ArchiveError::Packed`] as [`unpack`].
pub fn open(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ArchiveError> {
    if bytes.starts_with(&MAGIC) { unpack(bytes).map(Cow::Owned) } else { Ok(Cow::Borrowed(bytes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_damage_shows() {
        let bytes = b"{\"sequence\":1}\n".repeat(200);
        let mut stored = pack(&bytes).unwrap();
        assert!(stored.len() * 8 < bytes.len());
        assert_eq!(stored, pack(&bytes).unwrap(), "the same trail is the same object");
        assert_eq!(unpack(&stored).unwrap(), bytes);
        let last = stored.len() - 1;
        stored[last - 5] ^= 1;
        assert!(unpack(&stored).unwrap_err().to_string().contains("gzip"));
        assert!(unpack(b"{}").is_err());
    }
}
