//! A batch of rejected deliveries judged again, in order of receipt, as part of an operation.

use std::collections::HashMap;

use common::event::Cause;
use common::{DeliveryId, IntegrationId, OperationId, RecordId};
use db::{Connection, DbError};
use uuid::Uuid;

use super::readmit::{Gate, Readmission};
use crate::app::App;
use crate::domain::delivery::DeliveryOutcome;
use crate::domain::item::ItemResult;
use crate::store;
use crate::store::operation_items::{ItemOutcome, PendingItem};
use crate::store::operations::OperationRow;

/// Replays the deliveries that the items name.
pub(super) async fn replay_items(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    operation: &OperationRow,
    items: &[PendingItem],
) -> Result<Vec<ItemOutcome>, DbError> {
    let skip_all = |reason| items.iter().map(|item| end(item.record_id, ItemResult::Skipped, Some(reason))).collect();
    let Some(id) = operation.integration_id.map(IntegrationId) else { return Ok(skip_all("source_gone")) };
    let Some(integration) = store::integrations::find(connection, cause.tenant_id, id).await? else {
        return Ok(skip_all("source_gone"));
    };
    let gate = match Gate::prepare(app, &integration) {
        Ok(gate) => gate,
        Err(error) => {
            tracing::warn!(%error, operation = %OperationId(operation.id), "its deliveries cannot be judged");
            return Ok(skip_all("source_unusable"));
        }
    };
    let wanted: Vec<DeliveryId> = items.iter().map(|item| DeliveryId(item.record_id)).collect();
    let rows = store::quarantine::lock_many(connection, (cause.tenant_id, id), &wanted).await?;
    let mut outcomes: HashMap<Uuid, ItemOutcome> = rows
        .iter()
        .filter(|row| row.outcome != DeliveryOutcome::Rejected.as_str())
        .map(|row| (row.id, end(row.id, ItemResult::Unchanged, Some("taken_in_before"))))
        .collect();
    let rejected: Vec<_> = rows.into_iter().filter(|row| !outcomes.contains_key(&row.id)).collect();
    let mut made: Vec<(Uuid, RecordId)> = Vec::new();
    for (row, readmission) in rejected.iter().zip(gate.readmit(connection, cause, &rejected).await?) {
        let outcome = match readmission {
            Readmission::Taken { record_id, duplicate } => {
                made.push((row.id, record_id));
                let (result, reason) =
                    if duplicate { (ItemResult::Unchanged, Some("duplicate")) } else { (ItemResult::Changed, None) };
                end(row.id, result, reason)
            }
            Readmission::Rejected(reason) => end(row.id, ItemResult::Skipped, Some(reason.as_str())),
        };
        outcomes.insert(row.id, outcome);
    }
    let key = (OperationId(operation.id), cause.tenant_id);
    store::quarantine::note_made(connection, key, &made).await?;
    app.outbox.wake_relay();
    let gone = |id: Uuid| end(id, ItemResult::Skipped, Some("gone"));
    Ok(items.iter().map(|item| outcomes.remove(&item.record_id).unwrap_or_else(|| gone(item.record_id))).collect())
}

const fn end(id: Uuid, result: ItemResult, reason: Option<&'static str>) -> ItemOutcome {
    ItemOutcome { record_id: RecordId(id), result, reason, version: None, decision_before: None }
}
