//! Records read anew from what their source delivered, by the mapping that it has now; and the same undone.

use std::collections::HashMap;

use common::event::{Cause, Event, ReprocessRequested};
use common::record::RecordStatus;
use common::{DecisionId, IntegrationId, OperationId, RecordId, TenantId};
use db::{Connection, DbError};
use uuid::Uuid;

use super::carry_out::snapshot;
use crate::app::App;
use crate::domain::act::Obstacle;
use crate::domain::entry::AGENT;
use crate::domain::integration::Integration;
use crate::domain::item::ItemResult;
use crate::domain::mapping::Mapping;
use crate::store;
use crate::store::acts::Locked;
use crate::store::operation_items::{ItemOutcome, PendingItem};
use crate::store::operations::OperationRow;
use crate::store::records::RecordRow;
use crate::store::remaps::Form;

/// What a record would become, or why it stays as it is.
type Wanted = Result<Form, &'static str>;

/// A batch of items, with all that judging them takes.
struct Batch<'b> {
    items: &'b [PendingItem],
    is_revert: bool,
    locked: HashMap<Uuid, Locked>,
    rows: HashMap<Uuid, RecordRow>,
    wanted: HashMap<Uuid, Wanted>,
    /// Records that a person changed since the operation that is undone.
    conflicts: Vec<Uuid>,
}

/// Remaps a batch of an operation's items, or puts back what one that is undone replaced.
pub(super) async fn remap_items(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    operation: &OperationRow,
    items: &[PendingItem],
) -> Result<Vec<ItemOutcome>, DbError> {
    let batch = Batch::load(connection, app, operation, items).await?;
    let outcomes: Vec<ItemOutcome> = items.iter().map(|item| batch.judge(item)).collect();
    let changed: Vec<(RecordId, &Form)> = outcomes.iter().filter_map(|outcome| batch.new_form(outcome)).collect();
    if !changed.is_empty() {
        let replaced: Vec<(RecordId, Form)> =
            changed.iter().filter_map(|(id, _)| Some((*id, form_of(batch.rows.get(&id.0)?)))).collect();
        let id = OperationId(operation.id);
        store::remaps::write(connection, cause, id, &changed, &replaced).await?;
        let told = outcomes.iter().filter(|outcome| outcome.result == ItemResult::Requested);
        let told: Vec<Uuid> = told.map(|outcome| outcome.record_id.0).collect();
        let rows = store::records::find_many(connection, cause.tenant_id, &told).await?;
        let events: Vec<Event> = rows.iter().map(|row| batch.request(cause, id, row)).collect();
        app.outbox.append(connection, &events).await?;
    }
    Ok(outcomes)
}

impl<'b> Batch<'b> {
    async fn load(
        connection: &mut Connection,
        app: &App,
        operation: &OperationRow,
        items: &'b [PendingItem],
    ) -> Result<Self, DbError> {
        let tenant = TenantId(operation.tenant_id);
        let is_revert = operation.reverts.is_some();
        let ids: Vec<Uuid> = items.iter().map(|item| item.record_id).collect();
        let locked = store::acts::lock(connection, tenant, &ids).await?;
        let rows = store::records::find_many(connection, tenant, &ids).await?;
        let mut conflicts = Vec::new();
        let wanted = if is_revert {
            let since: Vec<(Uuid, i32)> =
                items.iter().filter_map(|item| Some((item.record_id, item.version?))).collect();
            conflicts = store::acts::changed_by_people_since(connection, tenant, &since).await?;
            let befores = store::remaps::befores(connection, (OperationId(operation.id), tenant), &ids).await?;
            befores.into_iter().map(|(id, form)| (id, Ok(form))).collect()
        } else {
            match mapping_of_source(connection, app, operation).await? {
                Some(mapping) => map(connection, tenant, &mapping, rows.iter()).await?,
                None => ids.iter().map(|id| (*id, Err("source_gone"))).collect(),
            }
        };
        let locked = locked.into_iter().map(|record| (record.id.0, record)).collect();
        let rows = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(Self { items, is_revert, locked, rows, wanted, conflicts })
    }

    /// What an item comes to; the changes are yet to be made.
    fn judge(&self, item: &PendingItem) -> ItemOutcome {
        let id = item.record_id;
        let end = |result, reason| ItemOutcome {
            record_id: RecordId(id),
            result,
            reason,
            version: None,
            decision_before: None,
        };
        let (Some(record), Some(row), Some(wanted)) = (self.locked.get(&id), self.rows.get(&id), self.wanted.get(&id))
        else {
            return end(ItemResult::Skipped, Some("gone"));
        };
        if self.conflicts.contains(&id) {
            return end(ItemResult::Conflict, Some("changed_by_person"));
        }
        if let Some(obstacle) = obstacle(record) {
            return end(ItemResult::Skipped, Some(obstacle.as_str()));
        }
        match wanted {
            Err(reason) => end(ItemResult::Skipped, Some(reason)),
            Ok(form) if *form == form_of(row) => end(ItemResult::Unchanged, None),
            Ok(_) => {
                // Who was told of a record hears of its new form; what is held is told of later.
                let is_held = record.status == RecordStatus::Held;
                let result = if is_held { ItemResult::Changed } else { ItemResult::Requested };
                let (version, decision_before) = (Some(record.version + 1), record.decision_id);
                ItemOutcome { version, decision_before, ..end(result, None) }
            }
        }
    }

    /// The form that a judged record is given; nothing when it keeps the one it has.
    fn new_form(&self, outcome: &ItemOutcome) -> Option<(RecordId, &Form)> {
        let form = self.wanted.get(&outcome.record_id.0)?.as_ref().ok()?;
        matches!(outcome.result, ItemResult::Changed | ItemResult::Requested).then_some((outcome.record_id, form))
    }

    fn request(&self, cause: &Cause, operation: OperationId, row: &RecordRow) -> Event {
        let item = self.items.iter().find(|item| item.record_id == row.id).filter(|_| self.is_revert);
        let decision_id = item.and_then(|item| item.decision_before).map(DecisionId);
        let request = ReprocessRequested { record: snapshot(row), operation_id: Some(operation), decision_id };
        Event::new(cause, AGENT, &request)
    }
}

/// How many of the records the mapping of now would change.
pub(super) async fn would_change(
    connection: &mut Connection,
    tenant: TenantId,
    mapping: &Mapping,
    records: &[Uuid],
) -> Result<usize, DbError> {
    let mut count = 0;
    for ids in records.chunks(25) {
        let rows = store::records::find_many(connection, tenant, ids).await?;
        let wanted = map(connection, tenant, mapping, rows.iter()).await?;
        let changes = |row: &&RecordRow| {
            let is_free = !row.decided_by_human && row.status != RecordStatus::Archived.as_str();
            is_free && matches!(wanted.get(&row.id), Some(Ok(form)) if *form != form_of(row))
        };
        count += rows.iter().filter(changes).count();
    }
    Ok(count)
}

/// The mapping that a source has: its own, or its provider's.
pub(super) fn mapping_of(app: &App, integration: &Integration) -> Option<Mapping> {
    let provider = app.catalogue.find(&integration.provider)?;
    Mapping::compile(integration.mapping.as_ref().unwrap_or(&provider.mapping)).ok()
}

async fn mapping_of_source(
    connection: &mut Connection,
    app: &App,
    operation: &OperationRow,
) -> Result<Option<Mapping>, DbError> {
    let Some(id) = operation.integration_id.map(IntegrationId) else { return Ok(None) };
    let found = store::integrations::find(connection, TenantId(operation.tenant_id), id).await?;
    Ok(found.and_then(|row| mapping_of(app, &row)))
}

async fn map(
    connection: &mut Connection,
    tenant: TenantId,
    mapping: &Mapping,
    rows: impl Iterator<Item = &RecordRow> + Clone,
) -> Result<HashMap<Uuid, Wanted>, DbError> {
    let deliveries: Vec<Uuid> = rows.clone().filter_map(|row| row.delivery_id).collect();
    let delivered = store::remaps::delivered(connection, tenant, &deliveries).await?;
    let form = |row: &RecordRow| {
        let kept = row.delivery_id.and_then(|id| delivered.get(&id)).ok_or("not_delivered")?;
        if row.raw_expunged_at.is_some() {
            return Err("raw_expunged");
        }
        let body = std::str::from_utf8(&kept.body).map_err(|_| "unreadable")?;
        let header = |name: &str| kept.headers.get(name).and_then(|value| value.as_str());
        let mapped = mapping.apply(&header, body).map_err(|_| "unreadable")?;
        Ok(Form { external_id: mapped.external_id, normalized: mapped.normalized })
    };
    Ok(rows.map(|row| (row.id, form(row))).collect())
}

fn form_of(row: &RecordRow) -> Form {
    let snapshot = snapshot(row);
    Form { external_id: snapshot.external_id, normalized: snapshot.normalized }
}

/// A held record may be changed: that is what its source is paused for.
const fn obstacle(record: &Locked) -> Option<Obstacle> {
    match record.status {
        RecordStatus::Archived => Some(Obstacle::Archived),
        _ if record.decided_by_human => Some(Obstacle::DecidedByPerson),
        _ => None,
    }
}
