//! The words the tests are written in: an order, what systems tell of it, and what is decided then.

mod facts;
mod given;
mod live;
mod orders;
mod path;
mod words;

pub use facts::*;
pub use given::{Given, Record, flow, given, record};
pub use live::Live;
pub use orders::*;
pub use path::{STAGES, good_path, until};
pub use words::{in_words, short};
