//! Going through operations on many records, a batch at a time. What a batch did is committed with its progress, so a
//! worker that dies leaves an operation that any other goes on with.

use std::collections::HashMap;

use common::event::{Cause, Event, OperationCompleted};
use common::trace::TraceContext;
use common::{Actor, DateTime, DecisionId, OperationId, RecordId, TenantId};
use db::{Connection, DbError};
use uuid::Uuid;

use super::carry_out::{Part, Undertaking, Undone, carry_out};
use super::release_held::Progress;
use super::remap_records::remap_items;
use super::replay_items::replay_items;
use crate::app::App;
use crate::domain::act::Act;
use crate::domain::entry::AGENT;
use crate::domain::item::{ItemResult, Tally};
use crate::domain::work::Work;
use crate::store;
use crate::store::acts::Locked;
use crate::store::operation_items::{ItemOutcome, PendingItem};
use crate::store::operations::OperationRow;

/// Why an item is a conflict.
pub(super) const CHANGED_BY_PERSON: &str = "changed_by_person";

/// Runs a batch of each operation that has items left, each in a transaction of its own.
pub(crate) async fn run_operations(app: &App) -> Result<Progress, DbError> {
    let pending = app.db.system(async |connection| store::operations::pending(connection).await).await?;
    let mut progress = Progress::Done;
    for operation in pending {
        match run_batch(app, operation).await {
            Ok(Progress::More) => progress = Progress::More,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, operation = %operation.0, "the operation is not gone on with now"),
        }
    }
    Ok(progress)
}

async fn run_batch(app: &App, key: (OperationId, TenantId)) -> Result<Progress, DbError> {
    let now = app.clock.now();
    app.db
        .tenant(key.1, async |connection| {
            let Some(operation) = store::operations::lease(connection, key).await? else { return Ok(Progress::Done) };
            let work = work_of(&operation);
            let items = store::operation_items::next(connection, key, work.map_or(1, Work::batch)).await?;
            if items.is_empty() {
                store::operations::all_begun(connection, &operation).await?;
                return Ok(Progress::Done);
            }
            let cause = cause_of(&operation, now);
            let outcomes = match work {
                Some(Work::Remap) => remap_items(connection, app, &cause, &operation, &items).await?,
                Some(Work::Replay) => replay_items(connection, app, &cause, &operation, &items).await?,
                Some(Work::Act(_)) | None => act_on(connection, app, &cause, &operation, &items).await?,
            };
            store::operation_items::note(connection, key, &outcomes, now).await?;
            count(connection, app, &cause, key.0, Tally::of(outcomes.iter().map(|one| one.result))).await?;
            Ok(Progress::More)
        })
        .await
}

/// Counts ended items, and tells of the operation's end when these were the last.
pub(super) async fn count(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    operation: OperationId,
    tally: Tally,
) -> Result<(), DbError> {
    if tally == Tally::default() {
        return Ok(());
    }
    let ended = store::operations::count(connection, (operation, cause.tenant_id), tally, cause.at).await?;
    let Some(row) = ended else { return Ok(()) };
    let completed = OperationCompleted {
        operation_id: operation,
        action: row.action,
        changed: row.changed,
        unchanged: row.unchanged,
        skipped: row.skipped,
        conflicts: row.conflicts,
        failed: row.failed,
        cancelled: row.cancelled,
    };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &completed)]).await
}

/// What an operation does, or for a revert what it undoes; nothing when a later build stored it.
pub(super) fn work_of(operation: &OperationRow) -> Option<Work> {
    Work::parse(operation.reverted_action.as_deref().unwrap_or(&operation.action))
}

/// Who asked for the operation does what it does.
fn cause_of(operation: &OperationRow, now: DateTime) -> Cause {
    let trace = TraceContext::parse(&operation.traceparent).unwrap_or_else(TraceContext::random);
    // Written by this service from the same type.
    let actor = serde_json::from_str(&operation.created_by).unwrap_or_else(|_| Actor::service(AGENT));
    Cause { tenant_id: TenantId(operation.tenant_id), actor, trace, at: now }
}

async fn act_on(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    operation: &OperationRow,
    items: &[PendingItem],
) -> Result<Vec<ItemOutcome>, DbError> {
    let reverted = operation.reverted_action.as_deref().and_then(Act::parse);
    let Some(act) = reverted.map(Act::inverse).or_else(|| Act::parse(&operation.action)) else {
        return Ok(items.iter().map(|item| skipped(item.record_id, "unknown_action")).collect());
    };
    let ids: Vec<Uuid> = items.iter().map(|item| item.record_id).collect();
    let locked: HashMap<Uuid, Locked> = store::acts::lock(connection, cause.tenant_id, &ids)
        .await?
        .into_iter()
        .map(|record| (record.id.0, record))
        .collect();
    let mut conflicts = Vec::new();
    // Processing looks after people's decisions by itself, where it is asked to take one back.
    if reverted.is_some_and(|act| act != Act::Relabel) {
        let since: Vec<(Uuid, i32)> = items.iter().filter_map(|item| Some((item.record_id, item.version?))).collect();
        conflicts = store::acts::changed_by_people_since(connection, cause.tenant_id, &since).await?;
    }
    let mut outcomes = Vec::with_capacity(items.len());
    let (mut able, mut undone) = (Vec::with_capacity(items.len()), HashMap::new());
    for item in items {
        let id = item.record_id;
        let Some(record) = locked.get(&id) else {
            outcomes.push(skipped(id, "gone"));
            continue;
        };
        if conflicts.contains(&id) {
            outcomes.push(ItemOutcome { result: ItemResult::Conflict, ..skipped(id, CHANGED_BY_PERSON) });
        } else if let Some(obstacle) = act.obstacle(record.status, record.decided_by_human) {
            outcomes.push(skipped(id, obstacle.as_str()));
        } else {
            if reverted.is_some() {
                let (decision, before) = (item.decision_id.map(DecisionId), item.decision_before.map(DecisionId));
                undone.insert(id, Undone { decision, before });
            }
            able.push(id);
        }
    }
    let part =
        Part { id: OperationId(operation.id), asked_at: operation.created_at, label: operation.label.as_deref() };
    let undertaking = Undertaking { act, operation: Some(part), undone: &undone };
    let result = if act.is_asked_of_processing() { ItemResult::Requested } else { ItemResult::Changed };
    for row in carry_out(connection, app, cause, &undertaking, &able).await? {
        let decision_before = locked.get(&row.id).and_then(|record| record.decision_id);
        let record_id = RecordId(row.id);
        outcomes.push(ItemOutcome { record_id, result, reason: None, version: Some(row.version), decision_before });
    }
    Ok(outcomes)
}

const fn skipped(record: Uuid, reason: &'static str) -> ItemOutcome {
    ItemOutcome {
        record_id: RecordId(record),
        result: ItemResult::Skipped,
        reason: Some(reason),
        version: None,
        decision_before: None,
    }
}
