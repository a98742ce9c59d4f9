//! Storing a group of receipts: the hot path's statements.
//!
//! A group costs one statement in the common case: delivery, record and outbox row of every webhook are written by
//! data-modifying CTEs over arrays. Only what turned out to be a repetition costs another.

mod delivered;
mod rejected;
mod repeated;
mod submitted;

use std::collections::HashSet;

use common::record::RecordStatus;
use common::{DeliveryId, IntegrationId, RecordId, TenantId};
use db::{Connection, DbError};

use crate::domain::delivery::{NewDelivery, Reason};
use crate::domain::entry::{Entry, NewRecord, Stored};

/// A webhook of the group, with its place in it.
struct Delivered<'e> {
    index: usize,
    delivery: &'e NewDelivery,
    record: &'e NewRecord,
    hold: bool,
}

/// A submitted record of the group, with its place in it.
struct Submitted<'e> {
    index: usize,
    record: &'e NewRecord,
}

/// Stores all entries in the caller's transaction and says what became of each, in their order.
///
/// # Errors
/// When the database fails; nothing is stored then.
pub(crate) async fn store(connection: &mut Connection, entries: &[&Entry]) -> Result<Vec<Stored>, DbError> {
    let mut outcomes: Vec<Option<Stored>> = vec![None; entries.len()];
    let mut group = Group::sort(entries);
    if group.delivered.iter().any(|webhook| webhook.hold) {
        let paused = delivered::still_paused(connection, &group.delivered).await?;
        for webhook in &mut group.delivered {
            webhook.hold &= paused.contains(&webhook.delivery.integration_id);
        }
    }
    if !group.delivered.is_empty() {
        let stored = delivered::insert(connection, &group.delivered).await?;
        index_held(connection, &group.delivered).await?;
        for webhook in group.delivered.drain(..) {
            if stored.contains(&webhook.delivery.id) {
                let status = if webhook.hold { RecordStatus::Held } else { RecordStatus::Ingested };
                outcomes[webhook.index] = Some(fresh(webhook.record.id, status));
            } else {
                group.repeated.push(webhook);
            }
        }
    }
    if !group.repeated.is_empty() {
        repeated::insert(connection, &group.repeated, &mut outcomes).await?;
    }
    if !group.submitted.is_empty() {
        let stored = submitted::insert(connection, &group.submitted).await?;
        for record in group.submitted.drain(..) {
            if stored.contains(&record.record.id) {
                outcomes[record.index] = Some(fresh(record.record.id, RecordStatus::Ingested));
            } else {
                group.resubmitted.push(record);
            }
        }
    }
    if !group.resubmitted.is_empty() {
        submitted::find_first(connection, &group.resubmitted, &mut outcomes).await?;
    }
    if !group.rejected.is_empty() {
        rejected::insert(connection, &group.rejected).await?;
        for (index, ..) in &group.rejected {
            outcomes[*index] = Some(Stored { record_id: None, status: RecordStatus::Ingested, duplicate: false });
        }
    }
    outcomes.into_iter().map(|outcome| outcome.ok_or_else(vanished)).collect()
}

/// What is held is told to nobody yet, so the lists learn of it here; a paused source is no hot path.
async fn index_held(connection: &mut Connection, webhooks: &[Delivered<'_>]) -> Result<(), DbError> {
    let held = || webhooks.iter().filter(|webhook| webhook.hold);
    let records: Vec<uuid::Uuid> = held().map(|webhook| webhook.record.id.0).collect();
    if records.is_empty() {
        return Ok(());
    }
    let tenants: Vec<uuid::Uuid> = held().map(|webhook| webhook.delivery.tenant_id.0).collect();
    super::facets::refresh(connection, &tenants, &records).await?;
    super::facets::add_words(connection, &records).await
}

const fn fresh(id: RecordId, status: RecordStatus) -> Stored {
    Stored { record_id: Some(id), status, duplicate: false }
}

/// The first receipt was there a moment ago and is not now; only a retention run can do that, and a new try stores.
fn vanished() -> DbError {
    DbError::Query(diesel::result::Error::NotFound)
}

/// The entries by kind. Of those that repeat each other inside the group only the first is tried as new.
struct Group<'e> {
    delivered: Vec<Delivered<'e>>,
    repeated: Vec<Delivered<'e>>,
    submitted: Vec<Submitted<'e>>,
    resubmitted: Vec<Submitted<'e>>,
    rejected: Vec<(usize, &'e NewDelivery, Reason)>,
}

impl<'e> Group<'e> {
    fn sort(entries: &[&'e Entry]) -> Self {
        let mut group = Self {
            delivered: Vec::with_capacity(entries.len()),
            repeated: Vec::new(),
            submitted: Vec::new(),
            resubmitted: Vec::new(),
            rejected: Vec::new(),
        };
        let mut keys: HashSet<(IntegrationId, &[u8])> = HashSet::with_capacity(entries.len());
        let mut externals: HashSet<(TenantId, &str, &str)> = HashSet::new();
        for (index, entry) in entries.iter().enumerate() {
            match entry {
                Entry::Delivered { delivery, record, hold } => {
                    let webhook = Delivered { index, delivery, record, hold: *hold };
                    if keys.insert((delivery.integration_id, &delivery.dedupe_key)) {
                        group.delivered.push(webhook);
                    } else {
                        group.repeated.push(webhook);
                    }
                }
                Entry::Submitted(record) => {
                    let is_first = record
                        .external_id
                        .as_deref()
                        .is_none_or(|id| externals.insert((record.tenant_id, id, &record.source)));
                    let list = if is_first { &mut group.submitted } else { &mut group.resubmitted };
                    list.push(Submitted { index, record });
                }
                Entry::Rejected { delivery, reason } => group.rejected.push((index, delivery, *reason)),
            }
        }
        // Two groups that hold the same keys wait for each other at the unique indexes; in one order they never
        // do so in a circle.
        group.delivered.sort_unstable_by_key(|webhook| (webhook.delivery.integration_id, &webhook.delivery.dedupe_key));
        group.submitted.sort_unstable_by(|one, other| {
            let key = |record: &NewRecord| (record.tenant_id, record.external_id.clone());
            key(one.record).cmp(&key(other.record)).then_with(|| one.record.source.cmp(&other.record.source))
        });
        group
    }
}

/// The ids that a statement wrote.
#[derive(diesel::QueryableByName)]
struct Written {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: uuid::Uuid,
}

fn delivery_ids(rows: Vec<Written>) -> HashSet<DeliveryId> {
    rows.into_iter().map(|row| DeliveryId(row.id)).collect()
}
