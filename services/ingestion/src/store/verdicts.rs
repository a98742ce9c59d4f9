//! Taking verdicts over into records: one statement for each batch.

use common::DateTime;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::verdict::{Authority, Verdict};

/// Writes each verdict that outranks what the record has, with its line in the history, and says how many of the
/// records do not exist.
///
/// A person's decision that was taken back, and is told again, is in the history and stays taken back.
pub(crate) async fn apply(connection: &mut Connection, verdicts: &[Verdict], now: DateTime) -> Result<i64, DbError> {
    let sequence = |verdict: &Verdict| match verdict.authority {
        Authority::Machine(sequence) => Some(sequence),
        Authority::Human(_) => None,
    };
    let changed = statement(
        "WITH changed AS (UPDATE records r SET \
             status = CASE WHEN r.status = 'archived' THEN r.status ELSE v.status END, \
             archived_from = CASE WHEN r.status = 'archived' THEN v.status END, label = v.label, stage = v.stage, confidence = v.confidence, \
             reasoning = v.reasoning::json, decision_id = v.decision_id, \
             decision_sequence = coalesce(v.sequence, r.decision_sequence), decided_by_human = v.human, \
             decided_at = v.decided_at, updated_at = $12, version = r.version + 1 \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $14) AS v (id, tenant_id, status, label, stage, \
             confidence, reasoning, decision_id, sequence, human, decided_at, actor, withdraws) \
         WHERE r.id = v.id AND r.tenant_id = v.tenant_id AND CASE \
             WHEN v.human AND r.decided_by_human THEN v.decided_at > r.decided_at \
             WHEN v.human THEN NOT EXISTS (SELECT FROM record_history h \
                 WHERE h.record_id = r.id AND h.tenant_id = r.tenant_id AND h.decision_id = v.decision_id) \
             ELSE (NOT r.decided_by_human OR r.decision_id = v.withdraws) \
                 AND v.sequence > coalesce(r.decision_sequence, 0) END \
         RETURNING r.id, r.version, r.tenant_id, r.status, r.label, r.stage, r.confidence, r.decision_id, v.actor, \
             v.human) \
         INSERT INTO record_history (record_id, version, tenant_id, action, status, label, stage, confidence, \
             decision_id, actor, by_person, at) \
         SELECT id, version, tenant_id, 'decided', status, label, stage, confidence, decision_id, actor::json, human, \
             $12 FROM changed",
    )
    .bind::<Array<SqlUuid>, _>(ids(verdicts))
    .bind::<Array<SqlUuid>, _>(tenants(verdicts))
    .bind::<Array<Text>, _>(verdicts.iter().map(|verdict| verdict.status.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Nullable<Text>>, _>(verdicts.iter().map(|verdict| verdict.label.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(verdicts.iter().map(|verdict| verdict.stage.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Nullable<Double>>, _>(verdicts.iter().map(|verdict| verdict.confidence).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(verdicts.iter().map(|verdict| verdict.reasoning.as_str()).collect::<Vec<&str>>())
    .bind::<Array<SqlUuid>, _>(verdicts.iter().map(|verdict| verdict.decision_id.0).collect::<Vec<Uuid>>())
    .bind::<Array<Nullable<Integer>>, _>(verdicts.iter().map(sequence).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(verdicts.iter().map(|verdict| sequence(verdict).is_none()).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(verdicts.iter().map(|verdict| verdict.decided_at).collect::<Vec<DateTime>>())
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(verdicts.iter().map(|verdict| verdict.actor.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(
        verdicts.iter().map(|verdict| verdict.withdraws.map(|id| id.0)).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    super::facets::refresh(connection, &tenants(verdicts), &ids(verdicts)).await?;
    if changed == verdicts.len() { Ok(0) } else { missing(connection, verdicts).await }
}

/// How many of the verdicts are about records that are not there.
async fn missing(connection: &mut Connection, verdicts: &[Verdict]) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Missing {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Missing = statement(
        "SELECT count(*) AS count FROM unnest($1, $2) AS v (id, tenant_id) \
         WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = v.id AND r.tenant_id = v.tenant_id)",
    )
    .bind::<Array<SqlUuid>, _>(ids(verdicts))
    .bind::<Array<SqlUuid>, _>(tenants(verdicts))
    .get_result(connection)
    .await?;
    Ok(row.count)
}

fn ids(verdicts: &[Verdict]) -> Vec<Uuid> {
    verdicts.iter().map(|verdict| verdict.record_id.0).collect()
}

fn tenants(verdicts: &[Verdict]) -> Vec<Uuid> {
    verdicts.iter().map(|verdict| verdict.tenant_id.0).collect()
}
