//! Putting questions, a batch at a time.

use common::decision::{Candidate, Proposal};
use common::event::RecordSnapshot;
use common::{Actor, ApprovalId, DateTime, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::json::text;

/// A question to be put.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) tenant: TenantId,
    pub(crate) sequence: i32,
    pub(crate) proposal: Proposal,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) record: RecordSnapshot,
    pub(crate) requested_at: DateTime,
    /// Whether no later question about the record is in the batch.
    pub(crate) is_latest: bool,
}

/// Ends pending questions that the batch asks anew with a higher sequence.
pub(crate) async fn expire_replaced(
    connection: &mut Connection,
    questions: &[Question],
    by: &Actor,
    now: DateTime,
) -> Result<(), DbError> {
    let by_record: Vec<(TenantId, RecordId, i32)> =
        questions.iter().map(|question| (question.tenant, question.record.record_id, question.sequence)).collect();
    expire_answered(connection, &by_record, by, now).await
}

/// Ends pending questions about records that machines decided anew with a higher sequence.
pub(crate) async fn expire_answered(
    connection: &mut Connection,
    decided: &[(TenantId, RecordId, i32)],
    by: &Actor,
    now: DateTime,
) -> Result<(), DbError> {
    let tenants: Vec<Uuid> = decided.iter().map(|(tenant, ..)| tenant.0).collect();
    let records: Vec<Uuid> = decided.iter().map(|(_, record, _)| record.0).collect();
    let sequences: Vec<i32> = decided.iter().map(|(.., sequence)| *sequence).collect();
    statement(
        "WITH replaced AS ( \
             UPDATE approvals AS a SET status = 'expired', closed_by_archive = false, version = a.version + 1, \
                 claimed_by = NULL, claimed_by_name = NULL, claim_expires_at = NULL \
             FROM (SELECT tenant, record, max(sequence) AS sequence \
                   FROM unnest($1, $2, $3) AS e (tenant, record, sequence) GROUP BY tenant, record) AS e \
             WHERE a.tenant_id = e.tenant AND a.record_id = e.record \
               AND (a.status = 'pending' OR a.closed_by_archive) AND a.sequence < e.sequence \
             RETURNING a.tenant_id, a.id) \
         INSERT INTO approval_events (tenant_id, approval_id, at, actor, action) \
         SELECT tenant_id, id, $4, $5::json, 'expired' FROM replaced",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<SqlUuid>, _>(records)
    .bind::<Array<Integer>, _>(sequences)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(text(by))
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts the questions. One that was put before stays as it is; one that comes too late (a later one was put, or a
/// person decided the record after it was asked) is kept as expired, and one about an archived record as closed.
pub(crate) async fn put(
    connection: &mut Connection,
    questions: &[Question],
    by: &Actor,
    now: DateTime,
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = questions.iter().map(|_| ApprovalId::generate().0).collect();
    let tenants: Vec<Uuid> = questions.iter().map(|question| question.tenant.0).collect();
    let records: Vec<Uuid> = questions.iter().map(|question| question.record.record_id.0).collect();
    let sequences: Vec<i32> = questions.iter().map(|question| question.sequence).collect();
    let decisions: Vec<Uuid> = questions.iter().map(|question| question.proposal.decision_id.0).collect();
    let proposals: Vec<String> = questions.iter().map(|question| text(&question.proposal)).collect();
    let candidates: Vec<String> = questions.iter().map(|question| text(&question.candidates)).collect();
    let snapshots: Vec<String> = questions.iter().map(|question| text(&question.record)).collect();
    let labels: Vec<Option<&str>> = questions.iter().map(|question| question.proposal.label.as_deref()).collect();
    let stages: Vec<&str> = questions.iter().map(|question| question.proposal.stage.as_str()).collect();
    let confidences: Vec<Option<f64>> = questions.iter().map(|question| question.proposal.confidence).collect();
    let times: Vec<DateTime> = questions.iter().map(|question| question.requested_at).collect();
    let latest: Vec<bool> = questions.iter().map(|question| question.is_latest).collect();
    statement(
        "WITH put AS ( \
             INSERT INTO approvals (id, tenant_id, record_id, sequence, proposal_decision_id, proposal, candidates, \
                 record, label, stage, confidence, requested_at, status, closed_by_archive) \
             SELECT e.id, e.tenant, e.record_id, e.sequence, e.decision, e.proposal::json, e.candidates::json, \
                 e.record::json, e.label, e.stage, e.confidence, e.at, \
                 CASE WHEN t.is_open AND NOT t.archived THEN 'pending' ELSE 'expired' END, t.is_open AND t.archived \
             FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                 AS e (id, tenant, record_id, sequence, decision, proposal, candidates, record, label, stage, \
                       confidence, at, latest) \
             CROSS JOIN LATERAL (SELECT \
                 e.latest AND NOT EXISTS (SELECT FROM approvals AS o \
                     WHERE o.tenant_id = e.tenant AND o.record_id = e.record_id \
                       AND (o.sequence > e.sequence OR o.decided_at >= e.at)) AS is_open, \
                 EXISTS (SELECT FROM archived_records AS s \
                     WHERE s.tenant_id = e.tenant AND s.record_id = e.record_id AND s.archived) AS archived) AS t \
             ORDER BY e.tenant, e.record_id \
             ON CONFLICT (tenant_id, record_id, sequence) DO NOTHING \
             RETURNING tenant_id, id, status) \
         INSERT INTO approval_events (tenant_id, approval_id, at, actor, action) \
         SELECT tenant_id, id, $14, $15::json, 'expired' FROM put WHERE status = 'expired'",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<SqlUuid>, _>(records)
    .bind::<Array<Integer>, _>(sequences)
    .bind::<Array<SqlUuid>, _>(decisions)
    .bind::<Array<Text>, _>(proposals)
    .bind::<Array<Text>, _>(candidates)
    .bind::<Array<Text>, _>(snapshots)
    .bind::<Array<Nullable<Text>>, _>(labels)
    .bind::<Array<Text>, _>(stages)
    .bind::<Array<Nullable<Double>>, _>(confidences)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Array<Bool>, _>(latest)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(text(by))
    .execute(connection)
    .await?;
    Ok(())
}
