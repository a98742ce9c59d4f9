//! Logs a batch of events, each once, and counts them for reports.

use std::collections::HashSet;

use common::event::Event;
use db::{Connection, Db, DbError};

use crate::domain::{Batch, Tally};
use crate::store::{facts, feed};

/// Why a batch was not logged. The transaction must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum LogEventsError {
    /// A tenant has no head yet.
    #[error("a tenant has no feed yet")]
    NewTenant,
    /// Some of the events are in the log already.
    #[error("some of the events were logged before")]
    LoggedBefore(#[source] DbError),
    /// The database failed.
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for LogEventsError {
    fn from(error: DbError) -> Self {
        if error.unique_constraint() == Some(feed::EVENT_ID_KEY) { Self::LoggedBefore(error) } else { Self::Db(error) }
    }
}

/// Logs the events that are not in the log yet and returns how many those were. All or nothing.
///
/// Events nearly always come once, so they are not looked up first. When the unique key finds one that does not,
/// the batch is tried again the careful way.
///
/// # Errors
/// When the database fails, or an id is that of another tenant's event; nothing was logged.
pub async fn log_events(db: &Db, events: &[Event]) -> Result<usize, DbError> {
    let tenants = Batch::new(events, &HashSet::new()).tenants();
    let mut carefully = false;
    loop {
        let outcome =
            db.tenants(&tenants, async |conn| {
                if carefully { log_unlogged(conn, events).await } else { log_once(conn, events).await }
            })
            .await;
        match outcome {
            Ok(logged) => return Ok(logged),
            Err(LogEventsError::NewTenant) => {
                db.tenants(&tenants, async |conn| feed::create_heads(conn, &tenants).await).await?;
            }
            Err(LogEventsError::LoggedBefore(_)) if !carefully => carefully = true,
            Err(LogEventsError::LoggedBefore(error) | LogEventsError::Db(error)) => return Err(error),
        }
    }
}

/// Logs events that are not in the log, in the caller's transaction, and returns how many there were.
///
/// # Errors
/// When a tenant is new, an event was logged before, or the database failed. Then the transaction is lost.
pub async fn log_once(conn: &mut Connection, events: &[Event]) -> Result<usize, LogEventsError> {
    write(conn, &Batch::new(events, &HashSet::new())).await
}

/// The careful way: nobody can log the events between the look and the write, because the heads are held.
async fn log_unlogged(conn: &mut Connection, events: &[Event]) -> Result<usize, LogEventsError> {
    let all = Batch::new(events, &HashSet::new());
    feed::lock_heads(conn, &all.tenants()).await?;
    let known = feed::logged(conn, &all).await?;
    write(conn, &Batch::new(events, &known)).await
}

async fn write(conn: &mut Connection, batch: &Batch<'_>) -> Result<usize, LogEventsError> {
    if batch.is_empty() {
        return Ok(0);
    }
    if feed::append(conn, batch).await? != batch.len() {
        return Err(LogEventsError::NewTenant);
    }
    let tally = Tally::of(batch.events());
    if !tally.is_empty() {
        facts::add(conn, &tally).await?;
    }
    Ok(batch.len())
}
