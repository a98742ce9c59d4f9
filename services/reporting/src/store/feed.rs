//! The event feed: appending in commit order, and reading on from a position.
//!
//! A position is given out under the lock of its tenant's head, which is held until the commit. So a reader that
//! sees a position has seen all lower ones, and a rollback gives its positions back.

mod append;
mod read;

pub(crate) use append::{EVENT_ID_KEY, append, create_heads, lock_heads, logged};
pub(crate) use read::{EventFilter, LoggedEvent, Span, head, read, span};
