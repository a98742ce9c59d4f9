//! Records as ingestion told of them, each with the pointer to its one current decision.

use common::event::RecordSnapshot;
use common::record::NormalizedRecord;
use common::{DateTime, DecisionId, IntegrationId, RecordId, TenantId};
use db::{Connection, statement};
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

use super::{Stored, from_json, to_json};
use crate::domain::decision::Decision;

/// A record to be noted, with the decision that will be its first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRecord<'r> {
    pub(crate) tenant: TenantId,
    pub(crate) record: &'r RecordSnapshot,
    pub(crate) decision: DecisionId,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Notes the records and returns those that were not known: what makes hearing of a record twice harmless.
///
/// `last_sequence` is that of the decisions to come: 1 for a machine's, 0 for a person's.
pub(crate) async fn insert_new(
    connection: &mut Connection,
    records: &[NewRecord<'_>],
    last_sequence: i32,
) -> Stored<HashSet<RecordId>> {
    let texts: Vec<String> = records.iter().map(|new| to_json(&new.record.normalized)).collect::<Stored<_>>()?;
    let rows: Vec<IdRow> = statement(
        "INSERT INTO records (id, tenant_id, source, integration_id, external_id, received_at, normalized, \
                              last_sequence, current_decision_id) \
         SELECT id, tenant_id, source, integration_id, external_id, received_at, normalized::json, $9, decision_id \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
              AS e (id, tenant_id, source, integration_id, external_id, received_at, normalized, decision_id) \
         ON CONFLICT (id) DO NOTHING RETURNING id",
    )
    .bind::<Array<SqlUuid>, _>(column(records, |new| new.record.record_id.0))
    .bind::<Array<SqlUuid>, _>(column(records, |new| new.tenant.0))
    .bind::<Array<Text>, _>(column(records, |new| new.record.source.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(records, |new| new.record.integration_id.map(|id| id.0)))
    .bind::<Array<Nullable<Text>>, _>(column(records, |new| new.record.external_id.as_deref()))
    .bind::<Array<Timestamptz>, _>(column(records, |new| new.record.received_at))
    .bind::<Array<Text>, _>(texts)
    .bind::<Array<SqlUuid>, _>(column(records, |new| new.decision.0))
    .bind::<Integer, _>(last_sequence)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| RecordId(row.id)).collect())
}

/// Waits until nobody else changes the records, and keeps it so until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, tenants: &[TenantId], records: &[RecordId]) -> Stored<()> {
    statement("SELECT id FROM records WHERE tenant_id = ANY ($1) AND id = ANY ($2) ORDER BY id FOR UPDATE")
        .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.0).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// A record's decision that stands, and how often machines decided it.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) last_sequence: i32,
    pub(crate) current: Decision,
}

/// What stands for each of the records. They must be locked.
pub(crate) async fn standing(
    connection: &mut Connection,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Stored<HashMap<RecordId, Standing>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Integer)]
        last_sequence: i32,
        #[diesel(sql_type = SqlUuid)]
        decision_id: Uuid,
    }
    let rows: Vec<Row> = statement(
        "SELECT id, last_sequence, current_decision_id AS decision_id FROM records \
         WHERE tenant_id = ANY ($1) AND id = ANY ($2)",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    let keys: Vec<(RecordId, DecisionId)> =
        rows.iter().map(|row| (RecordId(row.id), DecisionId(row.decision_id))).collect();
    let mut current = super::decisions::find_many(connection, tenants, &keys).await?;
    let standing = rows.into_iter().filter_map(|row| {
        let (record, last_sequence) = (RecordId(row.id), row.last_sequence);
        let current = current.remove(&(record, DecisionId(row.decision_id)))?;
        Some((record, Standing { last_sequence, current }))
    });
    Ok(standing.collect())
}

/// Takes over what the records say now, and returns those that said something else before. They must be locked.
pub(crate) async fn renormalize(
    connection: &mut Connection,
    tenants: &[TenantId],
    records: &[&RecordSnapshot],
    now: DateTime,
) -> Stored<HashSet<RecordId>> {
    let texts: Vec<String> = records.iter().map(|record| to_json(&record.normalized)).collect::<Stored<_>>()?;
    let rows: Vec<IdRow> = statement(
        "UPDATE records r SET normalized = e.normalized::json, external_id = e.external_id, normalized_at = $5 \
         FROM unnest($2, $3, $4) AS e (id, external_id, normalized) \
         WHERE r.tenant_id = ANY ($1) AND r.id = e.id AND (r.normalized::jsonb <> e.normalized::jsonb \
             OR r.external_id IS DISTINCT FROM e.external_id) RETURNING r.id",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.record_id.0).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(records.iter().map(|record| record.external_id.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| RecordId(row.id)).collect())
}

/// Makes machines' decisions the current ones of their records. These must be locked, and have none of a person.
pub(crate) async fn give_to_machine(
    connection: &mut Connection,
    tenants: &[TenantId],
    decisions: &[Decision],
) -> Stored<()> {
    statement(
        "UPDATE records r SET current_decision_id = e.decision_id, last_sequence = e.sequence \
         FROM unnest($2, $3, $4) AS e (record_id, decision_id, sequence) \
         WHERE r.tenant_id = ANY ($1) AND r.id = e.record_id",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(decisions.iter().map(|one| one.record_id.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(decisions.iter().map(|one| one.id.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(decisions.iter().map(|one| one.sequence.unwrap_or_default()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes people's decisions the current ones of their records: over a machine's always, over a person's when later.
///
/// The records must be locked, and each given once.
pub(crate) async fn give_to_people(
    connection: &mut Connection,
    tenants: &[TenantId],
    decisions: &[(RecordId, DecisionId)],
) -> Stored<()> {
    statement(
        "UPDATE records r SET current_decision_id = n.id \
         FROM unnest($2, $3) AS e (record_id, decision_id) \
         JOIN decisions n ON n.record_id = e.record_id AND n.id = e.decision_id \
         WHERE r.tenant_id = ANY ($1) AND r.id = n.record_id AND NOT EXISTS ( \
             SELECT FROM decisions c WHERE c.record_id = r.id AND c.id = r.current_decision_id \
               AND c.stage = 'human' AND (c.decided_at, c.id) >= (n.decided_at, n.id))",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(decisions.iter().map(|(record, _)| record.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(decisions.iter().map(|(_, decision)| decision.0).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A record as it is known here.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) record: RecordSnapshot,
    pub(crate) current: DecisionId,
    /// When its words became others than they were.
    pub(crate) changed_at: Option<DateTime>,
}

/// Those of the records that the tenant has.
pub(crate) async fn find_many(
    connection: &mut Connection,
    tenant: TenantId,
    ids: &[RecordId],
) -> Stored<HashMap<RecordId, Known>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        source: String,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        integration_id: Option<Uuid>,
        #[diesel(sql_type = Nullable<Text>)]
        external_id: Option<String>,
        #[diesel(sql_type = Timestamptz)]
        received_at: DateTime,
        #[diesel(sql_type = Text)]
        normalized: String,
        #[diesel(sql_type = SqlUuid)]
        current_decision_id: Uuid,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        normalized_at: Option<DateTime>,
    }
    let rows: Vec<Row> = statement(
        "SELECT id, source, integration_id, external_id, received_at, normalized::text AS normalized, \
                current_decision_id, normalized_at FROM records WHERE tenant_id = $1 AND id = ANY ($2)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    let known = |row: Row| {
        let record = RecordSnapshot {
            record_id: RecordId(row.id),
            external_id: row.external_id,
            source: row.source,
            integration_id: row.integration_id.map(IntegrationId),
            received_at: row.received_at,
            normalized: from_json(&row.normalized)?,
        };
        Ok((
            record.record_id,
            Known { record, current: DecisionId(row.current_decision_id), changed_at: row.normalized_at },
        ))
    };
    rows.into_iter().map(known).collect()
}

/// A record's content and source, for trying a condition on it.
pub(crate) async fn find_content(
    connection: &mut Connection,
    tenant: TenantId,
    id: RecordId,
) -> Stored<Option<(NormalizedRecord, String)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        normalized: String,
        #[diesel(sql_type = Text)]
        source: String,
    }
    let row: Option<Row> =
        statement("SELECT normalized::text AS normalized, source FROM records WHERE tenant_id = $1 AND id = $2")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<SqlUuid, _>(id.0)
            .get_result(connection)
            .await
            .optional()?;
    row.map(|row| Ok((from_json(&row.normalized)?, row.source))).transpose()
}

/// The record's current decision, if the tenant has such a record. It stays the current one until the transaction
/// ends: without the lock, decisions read next could hold one that replaced it in between.
pub(crate) async fn current_decision(
    connection: &mut Connection,
    tenant: TenantId,
    id: RecordId,
) -> Stored<Option<DecisionId>> {
    let row: Option<IdRow> =
        statement("SELECT current_decision_id AS id FROM records WHERE tenant_id = $1 AND id = $2 FOR SHARE")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<SqlUuid, _>(id.0)
            .get_result(connection)
            .await
            .optional()?;
    Ok(row.map(|row| DecisionId(row.id)))
}

fn column<'r, T>(records: &'r [NewRecord<'r>], of: impl Fn(&'r NewRecord<'r>) -> T) -> Vec<T> {
    records.iter().map(of).collect()
}
