//! What the model said of records, before anything was learnt from them, and what people said then.

use common::{DateTime, DecisionId, LabelId, RecordId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Double, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, from_json, to_json};
use crate::domain::scored::{ClosedDecision, ScoredDecision};

/// Keeps what was said of the records, in place of what was said before.
pub(crate) async fn put(connection: &mut Connection, scored: &[ScoredDecision]) -> Stored<()> {
    if scored.is_empty() {
        return Ok(());
    }
    let candidates: Vec<String> = scored.iter().map(|one| to_json(&one.candidates)).collect::<Stored<_>>()?;
    statement(
        "INSERT INTO scored_decisions (record_id, decision_id, tenant_id, embedding_model, model_version, \
             memory_version, label_id, score, confidence, margin, similarity, familiarity, candidates, is_accepted, \
             is_audited, propensity, scored_at) \
         SELECT record_id, decision_id, tenant_id, embedding_model, model_version, memory_version, label_id, score, \
             confidence, margin, similarity, familiarity, candidates::json, is_accepted, is_audited, propensity, \
             scored_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
              AS e (record_id, decision_id, tenant_id, embedding_model, model_version, memory_version, label_id, \
                    score, confidence, margin, similarity, familiarity, candidates, is_accepted, is_audited, \
                    propensity, scored_at) \
         ON CONFLICT (record_id) DO UPDATE SET decision_id = excluded.decision_id, \
             embedding_model = excluded.embedding_model, model_version = excluded.model_version, \
             memory_version = excluded.memory_version, label_id = excluded.label_id, score = excluded.score, \
             confidence = excluded.confidence, margin = excluded.margin, similarity = excluded.similarity, \
             familiarity = excluded.familiarity, candidates = excluded.candidates, \
             is_accepted = excluded.is_accepted, is_audited = excluded.is_audited, \
             propensity = excluded.propensity, scored_at = excluded.scored_at",
    )
    .bind::<Array<SqlUuid>, _>(column(scored, |one| one.record.0))
    .bind::<Array<SqlUuid>, _>(column(scored, |one| one.decision.0))
    .bind::<Array<SqlUuid>, _>(column(scored, |one| one.tenant.0))
    .bind::<Array<Text>, _>(column(scored, |one| one.embedding_model.as_str()))
    .bind::<Array<BigInt>, _>(column(scored, |one| one.model_version))
    .bind::<Array<BigInt>, _>(column(scored, |one| one.memory_version))
    .bind::<Array<SqlUuid>, _>(column(scored, |one| one.label.0))
    .bind::<Array<Double>, _>(column(scored, |one| one.score))
    .bind::<Array<Double>, _>(column(scored, |one| one.confidence))
    .bind::<Array<Double>, _>(column(scored, |one| one.margin))
    .bind::<Array<Double>, _>(column(scored, |one| one.similarity))
    .bind::<Array<Double>, _>(column(scored, |one| one.familiarity))
    .bind::<Array<Text>, _>(candidates)
    .bind::<Array<Bool>, _>(column(scored, |one| one.is_accepted))
    .bind::<Array<Bool>, _>(column(scored, |one| one.is_audited))
    .bind::<Array<Double>, _>(column(scored, |one| one.propensity))
    .bind::<Array<Timestamptz>, _>(column(scored, |one| one.scored_at))
    .execute(connection)
    .await?;
    Ok(())
}

fn column<'s, T>(scored: &'s [ScoredDecision], of: impl Fn(&'s ScoredDecision) -> T) -> Vec<T> {
    scored.iter().map(of).collect()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    decision_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    embedding_model: String,
    #[diesel(sql_type = BigInt)]
    model_version: i64,
    #[diesel(sql_type = BigInt)]
    memory_version: i64,
    #[diesel(sql_type = SqlUuid)]
    label_id: Uuid,
    #[diesel(sql_type = Double)]
    score: f64,
    #[diesel(sql_type = Double)]
    confidence: f64,
    #[diesel(sql_type = Double)]
    margin: f64,
    #[diesel(sql_type = Double)]
    similarity: f64,
    #[diesel(sql_type = Double)]
    familiarity: f64,
    #[diesel(sql_type = Text)]
    candidates: String,
    #[diesel(sql_type = Bool)]
    is_accepted: bool,
    #[diesel(sql_type = Bool)]
    is_audited: bool,
    #[diesel(sql_type = Double)]
    propensity: f64,
    #[diesel(sql_type = Timestamptz)]
    scored_at: DateTime,
    #[diesel(sql_type = SqlUuid)]
    truth: Uuid,
}

/// The newest decisions that people have looked at since, the oldest of them first. What was accepted and not drawn for
/// an audit is left out: who corrects it by chance looks where there is an error.
pub(crate) async fn closed(
    connection: &mut Connection,
    tenant: TenantId,
    embedding_model: &str,
    limit: i64,
) -> Stored<Vec<ClosedDecision>> {
    let rows: Vec<Row> = statement(
        "SELECT s.record_id, s.decision_id, s.tenant_id, s.embedding_model, s.model_version, s.memory_version, \
                s.label_id, s.score, s.confidence, s.margin, s.similarity, s.familiarity, \
                s.candidates::text AS candidates, s.is_accepted, s.is_audited, s.propensity, s.scored_at, l.label_id AS truth \
         FROM scored_decisions s \
         JOIN LATERAL (SELECT c.label_id FROM exemplar_changes c WHERE c.record_id = s.record_id \
                       ORDER BY c.version DESC LIMIT 1) l ON l.label_id IS NOT NULL \
         WHERE s.tenant_id = $1 AND s.embedding_model = $2 AND (s.is_audited OR NOT s.is_accepted) \
         ORDER BY s.scored_at DESC, s.record_id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(embedding_model)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().rev().map(ClosedDecision::try_from).collect()
}

impl TryFrom<Row> for ClosedDecision {
    type Error = db::DbError;

    fn try_from(row: Row) -> Stored<Self> {
        let scored = ScoredDecision {
            record: RecordId(row.record_id),
            decision: DecisionId(row.decision_id),
            tenant: TenantId(row.tenant_id),
            embedding_model: row.embedding_model,
            model_version: row.model_version,
            memory_version: row.memory_version,
            label: LabelId(row.label_id),
            score: row.score,
            confidence: row.confidence,
            margin: row.margin,
            similarity: row.similarity,
            familiarity: row.familiarity,
            candidates: from_json(&row.candidates)?,
            is_accepted: row.is_accepted,
            is_audited: row.is_audited,
            propensity: row.propensity,
            scored_at: row.scored_at,
        };
        Ok(Self { scored, truth: LabelId(row.truth) })
    }
}
