//! Updates to customers: which there are, and how each is published once.

mod event;
mod publisher;
mod returns;

pub use event::{CloudEvent, Shown, Update, kind_of};
pub use publisher::{PublishError, Publisher, Told, Updates};
pub use returns::ReturnUpdate;
