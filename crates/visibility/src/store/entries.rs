//! The entries of all orders, one piece after another in a file beside the rows.
//!
//! Most bytes of the projection are entries, each written once and seldom read. As rows they made sled's pages, which it
//! splits by the number of rows and not by their size, and with them its memory, many times larger. A piece is written
//! before the row that names it, and the row holds the piece's checksum: whatever a crash leaves of the file, a row never
//! stands for other bytes than it was written for.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::StoreError;

/// The file's name in the projection's folder.
pub const FILE: &str = "entries";

/// Where some bytes of the file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The first of them, from the beginning of the file.
    pub at: u64,
    /// How many there are.
    pub length: u32,
    /// Their CRC-32.
    pub crc: u32,
}

impl Piece {
    /// The place after its last byte.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.at + self.length as u64
    }
}

/// The file. Clones read the same one; only the owner writes.
#[derive(Debug, Clone)]
pub(super) struct Entries {
    file: Arc<File>,
}

impl Entries {
    /// Opens the file in a folder, or begins one.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(folder.join(FILE));
        Ok(Self { file: Arc::new(file.map_err(StoreError::of_file)?) })
    }

    /// Drops what was written after `end`, which no row speaks of.
    pub fn cut(&self, end: u64) -> Result<(), StoreError> {
        let length = self.file.metadata().map_err(StoreError::io)?.len();
        if length < end {
            return Err(StoreError::doubt(format!("its entries end at byte {length}, before {end}")));
        }
        if length > end {
            let dropped = length - end;
            tracing::warn!(
                end,
                dropped,
                "no row speaks of what is kept of the log after byte `end`: it is folded again"
            );
        }
        self.file.set_len(end).map_err(StoreError::io)
    }

    /// Writes a piece at `at`, the end of what counts.
    pub fn write(&self, at: u64, bytes: &[u8]) -> Result<Piece, StoreError> {
        let length = u32::try_from(bytes.len()).map_err(|_| StoreError::io(io::ErrorKind::FileTooLarge.into()))?;
        self.file.write_all_at(bytes, at).map_err(StoreError::io)?;
        Ok(Piece { at, length, crc: crc32fast::hash(bytes) })
    }

    /// The bytes of a piece.
    pub fn read(&self, piece: Piece) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; piece.length as usize];
        match self.file.read_exact_at(&mut bytes, piece.at) {
            Ok(()) if crc32fast::hash(&bytes) == piece.crc => Ok(bytes),
            Ok(()) => Err(StoreError::doubt(format!("its entries at byte {} are not those written", piece.at))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(StoreError::doubt(format!("its entries end before byte {}", piece.end())))
            }
            Err(error) => Err(StoreError::io(error)),
        }
    }

    /// Syncs what was written to disk.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(StoreError::io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_the_bytes_it_was_written_for_or_a_doubt() {
        let folder = tempfile::tempdir().unwrap();
        let entries = Entries::open(folder.path()).unwrap();
        let first = entries.write(0, b"one").unwrap();
        let second = entries.write(first.end(), b"two").unwrap();
        assert_eq!(entries.read(first).unwrap(), b"one");
        assert_eq!(entries.read(second).unwrap(), b"two");
        entries.write(1, b"X").unwrap();
        assert!(entries.read(first).unwrap_err().to_string().contains("not those written"));
        entries.cut(second.at + 1).unwrap();
        assert!(entries.read(second).unwrap_err().to_string().contains("end before"));
        assert!(matches!(entries.cut(second.end()), Err(StoreError::Doubt { .. })), "it is shorter than that");
    }
}
