//! Judging a source's rejected deliveries again, for instance after its secret was put right.

use common::event::{Cause, Event, QuarantineReverified};
use common::{DeliveryId, IntegrationId};
use db::{Connection, DbError};

use super::readmit::{Gate, Readmission};
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::source::SourceError;
use crate::store;

/// Deliveries judged at a time: their bodies are in memory together.
const BATCH: i64 = 25;
/// Deliveries judged in one request, and so in one transaction.
const MOST: u32 = 1_000;
/// Bytes after which a request judges no further batch.
const MOST_BYTES: usize = 32 << 20;

/// What became of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reverified {
    pub(crate) checked: u32,
    pub(crate) accepted: u32,
    pub(crate) duplicates: u32,
    pub(crate) still_rejected: u32,
    /// The last one judged, when there may be more behind it.
    pub(crate) resume_after: Option<DeliveryId>,
}

/// Why nothing was judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReverifyQuarantineError {
    #[error("there is no such integration")]
    NotFound,
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Judges rejected deliveries in order of receipt, beginning behind `after`, and takes in those that verify.
pub(crate) async fn reverify_quarantine(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    integration_id: IntegrationId,
    after: Option<DeliveryId>,
) -> Result<Reverified, ReverifyQuarantineError> {
    let found = store::integrations::find(connection, cause.tenant_id, integration_id).await?;
    let integration = found.ok_or(ReverifyQuarantineError::NotFound)?;
    let gate = Gate::prepare(app, &integration)?;
    let mut sum = Reverified { resume_after: after, ..Reverified::default() };
    let mut bytes = 0;
    loop {
        let of = (cause.tenant_id, integration_id);
        let rows = store::quarantine::lock_next(connection, of, sum.resume_after, BATCH).await?;
        for outcome in gate.readmit(connection, cause, &rows).await? {
            sum.checked += 1;
            match outcome {
                Readmission::Taken { duplicate: false, .. } => sum.accepted += 1,
                Readmission::Taken { duplicate: true, .. } => sum.duplicates += 1,
                Readmission::Rejected(_) => sum.still_rejected += 1,
            }
        }
        bytes += rows.iter().map(|row| row.body.len()).sum::<usize>();
        let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < BATCH);
        sum.resume_after = rows.last().filter(|_| !is_last).map(|row| DeliveryId(row.id));
        if is_last || sum.checked >= MOST || bytes >= MOST_BYTES {
            break;
        }
    }
    let Reverified { checked, accepted, duplicates, still_rejected, .. } = sum;
    let told = QuarantineReverified { integration_id, checked, accepted, duplicates, still_rejected };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &told)]).await?;
    Ok(sum)
}
