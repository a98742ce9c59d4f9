//! Decisions: only ever appended.

use common::record::{RecordStatus, Stage};
use common::{DateTime, DecisionId, LabelId, RecordId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

use super::{Stored, from_json, known, to_json};
use crate::domain::decision::Decision;

/// Where a list of decisions goes on: time and id of the last one shown.
pub(crate) type DecisionKey = (DateTime, DecisionId);

/// Keeps a machine's decisions.
pub(crate) async fn insert_of_machine(connection: &mut Connection, decisions: &[Decision]) -> Stored<()> {
    let receipts: Vec<String> = decisions.iter().map(|one| to_json(&one.receipt)).collect::<Stored<_>>()?;
    statement(
        "INSERT INTO decisions (record_id, id, tenant_id, sequence, label_id, label, stage, confidence, status, \
                                rule_id, rule_version, rule_set_version, receipt, decided_at) \
         SELECT record_id, id, tenant_id, sequence, label_id, label, stage, confidence, status, \
                rule_id, rule_version, rule_set_version, receipt::json, decided_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
              AS e (record_id, id, tenant_id, sequence, label_id, label, stage, confidence, status, \
                    rule_id, rule_version, rule_set_version, receipt, decided_at)",
    )
    .bind::<Array<SqlUuid>, _>(column(decisions, |one| one.record_id.0))
    .bind::<Array<SqlUuid>, _>(column(decisions, |one| one.id.0))
    .bind::<Array<SqlUuid>, _>(column(decisions, |one| one.tenant_id.0))
    .bind::<Array<Nullable<Integer>>, _>(column(decisions, |one| one.sequence))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(decisions, |one| one.label_id.map(|id| id.0)))
    .bind::<Array<Nullable<Text>>, _>(column(decisions, |one| one.label.as_deref()))
    .bind::<Array<Text>, _>(column(decisions, |one| one.stage.as_str()))
    .bind::<Array<Nullable<Double>>, _>(column(decisions, |one| one.confidence))
    .bind::<Array<Text>, _>(column(decisions, |one| one.status.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(decisions, |one| {
        one.receipt.reasoning.rule.as_ref().map(|rule| rule.id.0)
    }))
    .bind::<Array<Nullable<Integer>>, _>(column(decisions, |one| {
        one.receipt.reasoning.rule.as_ref().map(|rule| rule.version)
    }))
    .bind::<Array<Nullable<BigInt>>, _>(column(decisions, |one| one.receipt.reasoning.rule_set_version))
    .bind::<Array<Text>, _>(receipts)
    .bind::<Array<Timestamptz>, _>(column(decisions, |one| one.decided_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps people's decisions; one that is there already stays as it is. Labels are looked up by their names.
pub(crate) async fn insert_of_people(connection: &mut Connection, decisions: &[Decision]) -> Stored<()> {
    let receipts: Vec<String> = decisions.iter().map(|one| to_json(&one.receipt)).collect::<Stored<_>>()?;
    let people: Vec<String> = decisions.iter().map(|one| to_json(&one.decided_by)).collect::<Stored<_>>()?;
    statement(
        "INSERT INTO decisions (record_id, id, tenant_id, label_id, label, stage, status, receipt, decided_by, \
                                decided_at) \
         SELECT e.record_id, e.id, e.tenant_id, l.id, e.label, 'human', e.status, e.receipt::json, \
                e.decided_by::json, e.decided_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
              AS e (record_id, id, tenant_id, label, status, receipt, decided_by, decided_at) \
         LEFT JOIN labels l ON l.tenant_id = e.tenant_id AND l.name = e.label \
         ON CONFLICT (record_id, id) DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(column(decisions, |one| one.record_id.0))
    .bind::<Array<SqlUuid>, _>(column(decisions, |one| one.id.0))
    .bind::<Array<SqlUuid>, _>(column(decisions, |one| one.tenant_id.0))
    .bind::<Array<Nullable<Text>>, _>(column(decisions, |one| one.label.as_deref()))
    .bind::<Array<Text>, _>(column(decisions, |one| one.status.as_str()))
    .bind::<Array<Text>, _>(receipts)
    .bind::<Array<Text>, _>(people)
    .bind::<Array<Timestamptz>, _>(column(decisions, |one| one.decided_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these decisions there are.
pub(crate) async fn existing(
    connection: &mut Connection,
    tenants: &[TenantId],
    keys: &[(RecordId, DecisionId)],
) -> Stored<HashSet<(RecordId, DecisionId)>> {
    Ok(find_many(connection, tenants, keys).await?.into_keys().collect())
}

/// Those of the decisions that there are.
pub(crate) async fn find_many(
    connection: &mut Connection,
    tenants: &[TenantId],
    keys: &[(RecordId, DecisionId)],
) -> Stored<HashMap<(RecordId, DecisionId), Decision>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        record_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(embed)]
        decision: DecisionRow,
    }
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = statement(
        "SELECT d.record_id, d.tenant_id, d.id, d.sequence, d.label_id, d.label, d.stage, d.confidence, d.status, \
                d.receipt::text AS receipt, d.decided_by::text AS decided_by, d.decided_at \
         FROM unnest($2, $3) AS e (record_id, id) \
         JOIN decisions d ON d.record_id = e.record_id AND d.id = e.id WHERE d.tenant_id = ANY ($1)",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|(record, _)| record.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|(_, id)| id.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = (RecordId(row.record_id), DecisionId(row.decision.id));
            Ok((key, decision_of(row.decision, TenantId(row.tenant_id), key.0)?))
        })
        .collect()
}

#[derive(QueryableByName)]
struct DecisionRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Integer>)]
    sequence: Option<i32>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    label_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    label: Option<String>,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = Nullable<Double>)]
    confidence: Option<f64>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    receipt: String,
    #[diesel(sql_type = Nullable<Text>)]
    decided_by: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    decided_at: DateTime,
}

/// A record's decisions newest first, those before `before` only.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    record: RecordId,
    before: Option<DecisionKey>,
    limit: i64,
) -> Stored<Vec<Decision>> {
    let rows: Vec<DecisionRow> = statement(
        "SELECT id, sequence, label_id, label, stage, confidence, status, receipt::text AS receipt, \
                decided_by::text AS decided_by, decided_at \
         FROM decisions WHERE tenant_id = $1 AND record_id = $2 \
           AND ($3::timestamptz IS NULL OR (decided_at, id) < ($3, $4)) \
         ORDER BY decided_at DESC, id DESC LIMIT $5",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(record.0)
    .bind::<Nullable<Timestamptz>, _>(before.map(|(at, _)| at))
    .bind::<Nullable<SqlUuid>, _>(before.map(|(_, id)| id.0))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(|row| decision_of(row, tenant, record)).collect()
}

fn decision_of(row: DecisionRow, tenant_id: TenantId, record_id: RecordId) -> Stored<Decision> {
    Ok(Decision {
        id: DecisionId(row.id),
        record_id,
        tenant_id,
        sequence: row.sequence,
        label_id: row.label_id.map(LabelId),
        label: row.label,
        stage: known("decisions.stage", &row.stage, Stage::parse)?,
        confidence: row.confidence,
        status: known("decisions.status", &row.status, RecordStatus::parse)?,
        receipt: from_json(&row.receipt)?,
        decided_by: row.decided_by.as_deref().map(from_json).transpose()?,
        decided_at: row.decided_at,
    })
}

fn column<'d, T>(decisions: &'d [Decision], of: impl Fn(&'d Decision) -> T) -> Vec<T> {
    decisions.iter().map(of).collect()
}
