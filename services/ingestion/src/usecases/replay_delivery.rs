//! Judging one rejected delivery again, and taking it in when it verifies.

use common::event::{Cause, DeliveryReplayed, Event};
use common::{DeliveryId, IntegrationId, RecordId};
use db::{Connection, DbError};

use super::readmit::{Gate, Readmission};
use crate::app::App;
use crate::domain::delivery::DeliveryOutcome;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::entry::AGENT;
use crate::domain::examiner::Kept;
use crate::domain::source::SourceError;
use crate::store;

/// What a replay came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replay {
    /// Nothing, when the delivery made none (which only a receipt of an older build could do).
    pub(crate) record_id: Option<RecordId>,
    /// Whether this replay took it in; otherwise there was nothing to do.
    pub(crate) replayed: bool,
    pub(crate) duplicate: bool,
}

/// Why a delivery was not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayDeliveryError {
    #[error("there is no such integration")]
    UnknownIntegration,
    #[error("there is no such delivery")]
    NotFound,
    #[error("the delivery does not verify")]
    StillRejected(Option<Box<Diagnosis>>),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Replays a delivery. One that was taken in before is left alone.
pub(crate) async fn replay_delivery(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (integration_id, id): (IntegrationId, DeliveryId),
) -> Result<Replay, ReplayDeliveryError> {
    let found = store::integrations::find(connection, cause.tenant_id, integration_id).await?;
    let integration = found.ok_or(ReplayDeliveryError::UnknownIntegration)?;
    let found = store::quarantine::lock_one(connection, (cause.tenant_id, integration_id), id).await?;
    let row = found.ok_or(ReplayDeliveryError::NotFound)?;
    if row.outcome != DeliveryOutcome::Rejected.as_str() {
        let duplicate = row.outcome == DeliveryOutcome::Duplicate.as_str();
        return Ok(Replay { record_id: row.record_id.map(RecordId), replayed: false, duplicate });
    }
    let gate = Gate::prepare(app, &integration)?;
    let rows = [row];
    let outcome = gate.readmit(connection, cause, &rows).await?;
    let Some(Readmission::Taken { record_id, duplicate }) = outcome.first().copied() else {
        let [row] = &rows;
        let (reason, body) = (row.reason.as_deref().unwrap_or_default(), Some(row.body.as_slice()));
        let kept = Kept { reason, headers: &row.headers, body, received_at: row.received_at };
        let diagnosis = gate.examiner.diagnose(&kept, cause.at);
        return Err(ReplayDeliveryError::StillRejected(diagnosis.map(Box::new)));
    };
    let replayed = DeliveryReplayed { integration_id, delivery_id: id, record_id, duplicate };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &replayed)]).await?;
    Ok(Replay { record_id: Some(record_id), replayed: true, duplicate })
}
