//! The last step of every act on records: change them, keep it in their histories, tell the others.

use std::collections::HashMap;

use common::amount::Amount;
use common::event::{
    Cause, Event, RecordArchived, RecordRestored, RecordSnapshot, RelabelRequested, RelabelWish, ReprocessRequested,
};
use common::record::{NormalizedRecord, RecordStatus};
use common::{DateTime, DecisionId, IntegrationId, OperationId, RecordId};
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
    pub(super) operation: Option<Part<'u>>,
    /// What is taken back and what comes in its place, of records whose decisions are undone.
    pub(super) undone: &'u HashMap<Uuid, Undone>,
}

/// The operation that an act is a part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'u> {
    pub(super) id: OperationId,
    pub(super) asked_at: DateTime,
    /// The label that it gives.
    pub(super) label: Option<&'u str>,
}

/// A decision that is undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undone {
    /// It, where the operation made it as a person's.
    pub(super) decision: Option<DecisionId>,
    /// The one before it.
    pub(super) before: Option<DecisionId>,
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
    store::acts::carry_out(connection, cause, (act, operation.map(|part| part.id)), records).await?;
    let rows = store::records::find_many(connection, cause.tenant_id, records).await?;
    let events: Vec<Event> = rows.iter().filter_map(|row| event_of(cause, undertaking, row)).collect();
    app.outbox.append(connection, &events).await?;
    Ok(rows)
}

fn event_of(cause: &Cause, undertaking: &Undertaking<'_>, row: &RecordRow) -> Option<Event> {
    let record_id = RecordId(row.id);
    let operation_id = undertaking.operation.map(|part| part.id);
    let undone = undertaking.undone.get(&row.id);
    Some(match undertaking.act {
        Act::Archive => Event::new(cause, AGENT, &RecordArchived { record_id, operation_id }),
        Act::Restore => {
            // The column's CHECK knows the same names.
            let status = RecordStatus::parse(&row.status).unwrap_or(RecordStatus::Failed);
            Event::new(cause, AGENT, &RecordRestored { record_id, status, operation_id })
        }
        Act::Reprocess => {
            let decision_id = undone.and_then(|undone| undone.before);
            Event::new(cause, AGENT, &ReprocessRequested { record: snapshot(row), operation_id, decision_id })
        }
        Act::Relabel => {
            let Part { id, asked_at, label } = undertaking.operation?;
            let wish = match (label, undone) {
                (Some(label), _) => RelabelWish::Label { label: label.to_owned() },
                (None, undone) => {
                    let Undone { decision, before } = *undone?;
                    RelabelWish::Undo { decision_id: decision?, before }
                }
            };
            Event::new(cause, AGENT, &RelabelRequested { record: snapshot(row), operation_id: id, asked_at, wish })
        }
    })
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
