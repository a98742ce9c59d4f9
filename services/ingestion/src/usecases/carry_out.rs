//! The last step of every act on records: change them, keep it in their histories, tell the others.

use std::collections::HashMap;

use common::amount::Amount;
use common::event::{Cause, Event, RecordArchived, RecordRestored, RecordSnapshot, ReprocessRequested};
use common::record::{NormalizedRecord, RecordStatus};
use common::{DecisionId, IntegrationId, OperationId, RecordId};
use db::{Connection, DbError};
use uuid::Uuid;

use crate::app::App;
use crate::domain::act::Act;
use crate::domain::entry::AGENT;
use crate::store;
use crate::store::records::RecordRow;

/// What is done, and as part of what.
#[derive(Debug)]
pub(super) struct Undertaking<'u> {
    pub(super) act: Act,
    pub(super) operation: Option<OperationId>,
    /// The decisions to go back to, where deciding again is undone.
    pub(super) decisions: &'u HashMap<Uuid, DecisionId>,
}

/// Carries the act out on locked records that have no obstacle to it, and returns them as they are then.
pub(super) async fn carry_out(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    undertaking: &Undertaking<'_>,
    records: &[Uuid],
) -> Result<Vec<RecordRow>, DbError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let Undertaking { act, operation, .. } = *undertaking;
    store::acts::carry_out(connection, cause, (act, operation), records).await?;
    let rows = store::records::find_many(connection, cause.tenant_id, records).await?;
    let events: Vec<Event> = rows.iter().map(|row| event_of(cause, undertaking, row)).collect();
    app.outbox.append(connection, &events).await?;
    Ok(rows)
}

fn event_of(cause: &Cause, undertaking: &Undertaking<'_>, row: &RecordRow) -> Event {
    let (record_id, operation_id) = (RecordId(row.id), undertaking.operation);
    match undertaking.act {
        Act::Archive => Event::new(cause, AGENT, &RecordArchived { record_id, operation_id }),
        Act::Restore => {
            // The column's CHECK knows the same names.
            let status = RecordStatus::parse(&row.status).unwrap_or(RecordStatus::Failed);
            Event::new(cause, AGENT, &RecordRestored { record_id, status, operation_id })
        }
        Act::Reprocess => {
            let decision_id = undertaking.decisions.get(&row.id).copied();
            Event::new(cause, AGENT, &ReprocessRequested { record: snapshot(row), operation_id, decision_id })
        }
    }
}

/// The record as others are told of it.
pub(super) fn snapshot(row: &RecordRow) -> RecordSnapshot {
    RecordSnapshot {
        record_id: RecordId(row.id),
        external_id: row.external_id.clone(),
        source: row.source.clone(),
        integration_id: row.integration_id.map(IntegrationId),
        received_at: row.received_at,
        normalized: NormalizedRecord {
            title: row.title.clone(),
            text: row.text.clone(),
            amount: row.amount.clone().map(Amount::from_stored),
            currency: row.currency.clone(),
            counterparty: row.counterparty.clone(),
            occurred_at: row.occurred_at,
            // Written by this service from the same type.
            attributes: serde_json::from_value(row.attributes.clone()).unwrap_or_default(),
        },
    }
}
