//! What people said of a language model's labels.

use common::TenantId;
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

use super::Stored;
use crate::domain::model_evidence::Closing;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Double)]
    probability: f64,
    #[diesel(sql_type = Bool)]
    correct: bool,
    #[diesel(sql_type = Nullable<Double>)]
    audited_at_rate: Option<f64>,
}

/// The model's labels that people's newest `limit` decisions were about.
pub(crate) async fn closed(
    connection: &mut Connection,
    tenant: TenantId,
    model: &str,
    limit: i64,
) -> Stored<Vec<Closing>> {
    let rows: Vec<Row> = statement(
        "SELECT d.confidence AS probability, h.label = d.label AS correct, \
                CASE WHEN d.receipt -> 'reasoning' ->> 'whyHuman' = 'audit' \
                     THEN (d.receipt -> 'reasoning' -> 'thresholds' ->> 'auditRate')::float8 END AS audited_at_rate \
         FROM (SELECT record_id, label, receipt FROM decisions WHERE tenant_id = $1 AND stage = 'human' \
               ORDER BY decided_at DESC LIMIT $3) h \
         JOIN decisions d ON d.record_id = h.record_id AND d.id = (h.receipt -> 'review' ->> 'proposalId')::uuid \
         WHERE d.tenant_id = $1 AND d.stage = 'llm' AND d.confidence IS NOT NULL \
           AND d.receipt -> 'reasoning' -> 'llm' ->> 'model' = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    let closing =
        |row: Row| Closing { probability: row.probability, correct: row.correct, audited_at_rate: row.audited_at_rate };
    Ok(rows.into_iter().map(closing).collect())
}
