//! Decisions still to be made. A claim is a lease: who holds an older one finds nothing left to decide.

use std::collections::HashMap;

use common::trace::TraceContext;
use common::{DateTime, DecisionId, RecordId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, from_json, to_json};
use crate::domain::pending::Pending;

/// A decision that the caller is to make.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) pending: Pending,
    /// How often it was claimed, this time included.
    pub(crate) attempts: i32,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    decision_id: Uuid,
    #[diesel(sql_type = Integer)]
    sequence: i32,
    #[diesel(sql_type = Text)]
    record: String,
    #[diesel(sql_type = Text)]
    receipt: String,
    #[diesel(sql_type = Text)]
    traceparent: String,
    #[diesel(sql_type = Text)]
    asked: String,
    #[diesel(sql_type = Timestamptz)]
    queued_at: DateTime,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

impl Row {
    fn into_claimed(self) -> Stored<Claimed> {
        let pending = Pending {
            tenant: TenantId(self.tenant_id),
            record: from_json(&self.record)?,
            decision: DecisionId(self.decision_id),
            sequence: self.sequence,
            receipt: from_json(&self.receipt)?,
            trace: TraceContext::parse(&self.traceparent).unwrap_or_else(TraceContext::random),
            asked: from_json(&self.asked)?,
            queued_at: self.queued_at,
        };
        Ok(Claimed { pending, attempts: self.attempts })
    }
}

/// Puts the decisions into the queue, in place of what the same records had in it. Claims of those are void.
pub(crate) async fn put(connection: &mut Connection, pending: &[Pending]) -> Stored<()> {
    if pending.is_empty() {
        return Ok(());
    }
    let records: Vec<String> = pending.iter().map(|one| to_json(&one.record)).collect::<Stored<_>>()?;
    let receipts: Vec<String> = pending.iter().map(|one| to_json(&one.receipt)).collect::<Stored<_>>()?;
    let asked: Vec<String> = pending.iter().map(|one| to_json(&one.asked)).collect::<Stored<_>>()?;
    statement(
        "INSERT INTO pending_decisions \
             (record_id, tenant_id, decision_id, sequence, record, receipt, traceparent, asked, queued_at, due_at) \
         SELECT record_id, tenant_id, decision_id, sequence, record::json, receipt::json, traceparent, asked::json, \
                queued_at, queued_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) \
              AS e (record_id, tenant_id, decision_id, sequence, record, receipt, traceparent, asked, queued_at) \
         ON CONFLICT (record_id) DO UPDATE SET decision_id = excluded.decision_id, sequence = excluded.sequence, \
             record = excluded.record, receipt = excluded.receipt, traceparent = excluded.traceparent, \
             asked = excluded.asked, due_at = excluded.due_at, lease = NULL",
    )
    .bind::<Array<SqlUuid>, _>(column(pending, |one| one.record.record_id.0))
    .bind::<Array<SqlUuid>, _>(column(pending, |one| one.tenant.0))
    .bind::<Array<SqlUuid>, _>(column(pending, |one| one.decision.0))
    .bind::<Array<Integer>, _>(column(pending, |one| one.sequence))
    .bind::<Array<Text>, _>(records)
    .bind::<Array<Text>, _>(receipts)
    .bind::<Array<Text>, _>(column(pending, |one| one.trace.to_string()))
    .bind::<Array<Text>, _>(asked)
    .bind::<Array<Timestamptz>, _>(column(pending, |one| one.queued_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Those of the records that wait for a decision.
pub(crate) async fn find(
    connection: &mut Connection,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Stored<HashMap<RecordId, Pending>> {
    let rows: Vec<Row> = statement(
        "SELECT tenant_id, decision_id, sequence, record::text AS record, receipt::text AS receipt, traceparent, \
                asked::text AS asked, queued_at, attempts \
         FROM pending_decisions WHERE tenant_id = ANY ($1) AND record_id = ANY ($2)",
    )
    .bind::<Array<SqlUuid>, _>(ids(tenants, |tenant| tenant.0))
    .bind::<Array<SqlUuid>, _>(ids(records, |record| record.0))
    .load(connection)
    .await?;
    rows.into_iter().map(by_record).collect()
}

/// Takes the records out of the queue, whoever is at them. The records must be locked.
pub(crate) async fn withdraw(
    connection: &mut Connection,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Stored<HashMap<RecordId, Pending>> {
    let rows: Vec<Row> = statement(
        "DELETE FROM pending_decisions WHERE tenant_id = ANY ($1) AND record_id = ANY ($2) \
         RETURNING tenant_id, decision_id, sequence, record::text AS record, receipt::text AS receipt, traceparent, \
                   asked::text AS asked, queued_at, attempts",
    )
    .bind::<Array<SqlUuid>, _>(ids(tenants, |tenant| tenant.0))
    .bind::<Array<SqlUuid>, _>(ids(records, |record| record.0))
    .load(connection)
    .await?;
    rows.into_iter().map(by_record).collect()
}

/// Claims due decisions that nobody is at: of each tenant the longest due, and of all tenants in turn, so that one that
/// brings a million keeps none of the others waiting. Unless they are made or given back by then, others may claim them.
pub(crate) async fn claim(
    connection: &mut Connection,
    lease: Uuid,
    now: DateTime,
    until: DateTime,
    (limit, of_each): (i64, i64),
) -> Stored<Vec<Claimed>> {
    let rows: Vec<Row> = statement(
        "WITH RECURSIVE busy AS ( \
             (SELECT tenant_id FROM pending_decisions ORDER BY tenant_id LIMIT 1) \
             UNION ALL \
             SELECT (SELECT p.tenant_id FROM pending_decisions p WHERE p.tenant_id > b.tenant_id \
                     ORDER BY p.tenant_id LIMIT 1) \
             FROM busy b WHERE b.tenant_id IS NOT NULL \
         ), chosen AS MATERIALIZED ( \
             SELECT p.record_id FROM busy b CROSS JOIN LATERAL ( \
                 SELECT record_id, due_at, row_number() OVER (ORDER BY due_at, record_id) AS turn \
                 FROM pending_decisions WHERE tenant_id = b.tenant_id AND due_at <= $2 \
                 ORDER BY due_at, record_id LIMIT $5) p \
             ORDER BY p.turn, p.due_at LIMIT $4 \
         ), due AS MATERIALIZED ( \
             SELECT record_id FROM pending_decisions \
             WHERE record_id = ANY (ARRAY(SELECT record_id FROM chosen)) AND due_at <= $2 \
             ORDER BY record_id FOR UPDATE SKIP LOCKED) \
         UPDATE pending_decisions p SET lease = $1, due_at = $3, attempts = p.attempts + 1 \
         FROM due WHERE p.record_id = due.record_id \
         RETURNING p.tenant_id, p.decision_id, p.sequence, p.record::text AS record, p.receipt::text AS receipt, \
                   p.traceparent, p.asked::text AS asked, p.queued_at, p.attempts",
    )
    .bind::<SqlUuid, _>(lease)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(of_each)
    .load(connection)
    .await?;
    rows.into_iter().map(Row::into_claimed).collect()
}

/// Ends the wait of those of the records that the lease still holds. The records must be locked.
pub(crate) async fn take(
    connection: &mut Connection,
    tenant: TenantId,
    lease: Uuid,
    records: &[RecordId],
) -> Stored<HashMap<RecordId, Pending>> {
    let rows: Vec<Row> = statement(
        "DELETE FROM pending_decisions WHERE tenant_id = $1 AND lease = $2 AND record_id = ANY ($3) \
         RETURNING tenant_id, decision_id, sequence, record::text AS record, receipt::text AS receipt, traceparent, \
                   asked::text AS asked, queued_at, attempts",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(lease)
    .bind::<Array<SqlUuid>, _>(ids(records, |record| record.0))
    .load(connection)
    .await?;
    rows.into_iter().map(by_record).collect()
}

/// Gives the records back, to be claimed again from that time on.
pub(crate) async fn give_back(
    connection: &mut Connection,
    tenant: TenantId,
    lease: Uuid,
    records: &[RecordId],
    due_at: DateTime,
) -> Stored<()> {
    statement(
        "UPDATE pending_decisions SET lease = NULL, due_at = $4 \
         WHERE tenant_id = $1 AND lease = $2 AND record_id = ANY ($3)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(lease)
    .bind::<Array<SqlUuid>, _>(ids(records, |record| record.0))
    .bind::<Timestamptz, _>(due_at)
    .execute(connection)
    .await?;
    Ok(())
}

fn by_record(row: Row) -> Stored<(RecordId, Pending)> {
    let pending = row.into_claimed()?.pending;
    Ok((pending.record.record_id, pending))
}

fn ids<T>(all: &[T], id: impl Fn(&T) -> Uuid) -> Vec<Uuid> {
    all.iter().map(id).collect()
}

fn column<'p, T>(pending: &'p [Pending], of: impl Fn(&'p Pending) -> T) -> Vec<T> {
    pending.iter().map(of).collect()
}
