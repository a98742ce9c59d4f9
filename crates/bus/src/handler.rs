//! What a consumer does with events, and how it says that it could not.

use async_trait::async_trait;
use common::event::{DecodeError, Event};
use db::{DbError, ErrorClass};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why events were not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Something that all events need is away; they wait where they are until it is back.
    #[error("cannot handle events while a dependency is away")]
    Unavailable(#[source] Source),
    /// Later they may be; nothing was changed.
    #[error("cannot handle events now")]
    Transient(#[source] Source),
    /// They never will be: the events go to the dead-letter queue with the reason.
    #[error("cannot handle events at all")]
    Permanent(#[source] Source),
}

impl From<DbError> for HandleError {
    fn from(error: DbError) -> Self {
        match error.class() {
            ErrorClass::Unavailable => Self::Unavailable(Box::new(error)),
            // A unique violation in an idempotent handler is a race with its twin: the next try finds the row.
            ErrorClass::Transient | ErrorClass::Unique => Self::Transient(Box::new(error)),
            ErrorClass::NotFound | ErrorClass::Permanent => Self::Permanent(Box::new(error)),
        }
    }
}

impl From<DecodeError> for HandleError {
    fn from(error: DecodeError) -> Self {
        Self::Permanent(Box::new(error))
    }
}

/// Handles a queue's events.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles a batch in one transaction: all or nothing. The same event may come again, and events of one
    /// subject may come in another order than they happened.
    ///
    /// # Errors
    /// When nothing was changed because something failed.
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError>;
}
