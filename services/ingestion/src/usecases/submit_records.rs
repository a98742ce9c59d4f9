//! Taking in records that an API caller sends.

use common::event::Cause;
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::{Entry, NewRecord, Origin, Stored};
use crate::domain::submission::{DEFAULT_SOURCE, Submission};
use crate::intake::IntakeError;
use crate::store;

/// Stores checked submissions together with what others send, through the intake.
pub(crate) async fn submit_records(
    app: &App,
    cause: &Cause,
    submissions: Vec<Submission>,
) -> Result<Vec<Stored>, IntakeError> {
    app.intake.store(entries(cause, submissions)).await
}

/// Stores checked submissions in the caller's transaction, for requests that have something else to store with them.
pub(crate) async fn submit_records_in(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    submissions: Vec<Submission>,
) -> Result<Vec<Stored>, DbError> {
    let entries = entries(cause, submissions);
    let stored = store::intake::store(connection, &entries.iter().collect::<Vec<_>>()).await?;
    app.outbox.wake_relay();
    Ok(stored)
}

fn entries(cause: &Cause, submissions: Vec<Submission>) -> Vec<Entry> {
    submissions.into_iter().map(|submission| entry(cause, submission)).collect()
}

fn entry(cause: &Cause, mut submission: Submission) -> Entry {
    let normalized = submission.normalize();
    let origin = Origin {
        source: submission.source.unwrap_or_else(|| DEFAULT_SOURCE.to_owned()),
        external_id: submission.external_id,
        integration_id: None,
        delivery_id: None,
        raw: submission.raw.map(|raw| raw.get().as_bytes().to_vec()),
    };
    Entry::Submitted(Box::new(NewRecord::new(cause, origin, normalized)))
}
