//! What people's decisions taught, as a log: each change of a tenant's memory has the next version.

use std::collections::HashMap;

use common::{LabelId, RecordId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, floats, words};

/// What the memory is to know of a record.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    pub(crate) record: RecordId,
    /// When it was learnt.
    pub(crate) version: i64,
    /// The label that a person gave it; none when that was taken back.
    pub(crate) label: Option<LabelId>,
    /// Its vector and words; none while it has none of this model.
    pub(crate) seen: Option<(Vec<f32>, Vec<u32>)>,
}

/// Learns of the records what is true of them now: which label a person gave them, and whether they have a vector. What
/// is known already changes nothing, so that hearing of a decision twice, or of several in any order, ends in the same
/// memory. With `anew`, the records' vectors came or went. They must be locked.
pub(crate) async fn take_in(
    connection: &mut Connection,
    tenants: &[TenantId],
    records: &[RecordId],
    model_id: Option<&str>,
    anew: bool,
) -> Stored<usize> {
    if records.is_empty() {
        return Ok(0);
    }
    // Versions are given under the lock of the tenant's head, which is kept until the end: who has seen a version has
    // seen all before it.
    Ok(statement(
        "WITH now AS ( \
             SELECT r.tenant_id, r.id AS record_id, d.label_id, d.id AS decision_id, \
                    CASE WHEN d.label_id IS NOT NULL THEN m.model_id END AS model_id \
             FROM records r \
             LEFT JOIN decisions d ON d.record_id = r.id AND d.id = r.current_decision_id AND d.stage = 'human' \
             LEFT JOIN embeddings m ON m.record_id = r.id AND m.model_id = $3 \
             WHERE r.tenant_id = ANY ($1) AND r.id = ANY ($2) \
         ), changed AS MATERIALIZED ( \
             SELECT n.*, row_number() OVER (PARTITION BY n.tenant_id ORDER BY n.record_id) AS place, \
                    count(*) OVER (PARTITION BY n.tenant_id) AS total \
             FROM now n LEFT JOIN LATERAL ( \
                 SELECT c.label_id FROM exemplar_changes c WHERE c.record_id = n.record_id \
                 ORDER BY c.version DESC LIMIT 1) l ON true \
             WHERE n.label_id IS DISTINCT FROM l.label_id \
                OR n.label_id IS NOT NULL AND ($4 OR n.model_id IS NOT NULL AND NOT EXISTS ( \
                       SELECT FROM exemplar_changes k WHERE k.record_id = n.record_id AND k.model_id = n.model_id)) \
         ), heads AS ( \
             INSERT INTO memory_heads (tenant_id, version) \
             SELECT tenant_id, count(*) FROM changed GROUP BY tenant_id ORDER BY tenant_id \
             ON CONFLICT (tenant_id) DO UPDATE SET version = memory_heads.version + excluded.version \
             RETURNING tenant_id, version) \
         INSERT INTO exemplar_changes (tenant_id, version, record_id, label_id, decision_id, model_id) \
         SELECT c.tenant_id, h.version - c.total + c.place, c.record_id, c.label_id, c.decision_id, c.model_id \
         FROM changed c JOIN heads h ON h.tenant_id = c.tenant_id",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.0).collect::<Vec<_>>())
    .bind::<Nullable<Text>, _>(model_id)
    .bind::<Bool, _>(anew)
    .execute(connection)
    .await?)
}

/// What changed after `from` up to `to`, each record once as it was at `to`.
pub(crate) async fn lessons(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    from: i64,
    to: i64,
) -> Stored<Vec<Lesson>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        record_id: Uuid,
        #[diesel(sql_type = BigInt)]
        version: i64,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        label_id: Option<Uuid>,
        #[diesel(sql_type = Nullable<Bytea>)]
        vector: Option<Vec<u8>>,
        #[diesel(sql_type = Nullable<Bytea>)]
        words: Option<Vec<u8>>,
    }
    let rows: Vec<Row> = statement(
        "SELECT c.record_id, c.version, c.label_id, m.vector, m.words FROM ( \
             SELECT DISTINCT ON (record_id) record_id, version, label_id FROM exemplar_changes \
             WHERE tenant_id = $1 AND version > $3 AND version <= $4 ORDER BY record_id, version DESC) c \
         LEFT JOIN embeddings m ON m.record_id = c.record_id AND m.model_id = $2 AND c.label_id IS NOT NULL \
              AND EXISTS (SELECT FROM exemplar_changes k WHERE k.record_id = c.record_id AND k.model_id = $2 \
                            AND k.version <= $4) \
         ORDER BY c.record_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .load(connection)
    .await?;
    let lesson = |row: Row| Lesson {
        record: RecordId(row.record_id),
        version: row.version,
        label: row.label_id.map(LabelId),
        seen: row.vector.zip(row.words).map(|(vector, of)| (floats(&vector), words(&of))),
    };
    Ok(rows.into_iter().map(lesson).collect())
}

/// How many exemplars each label has.
pub(crate) async fn per_label(connection: &mut Connection, tenant: TenantId) -> Stored<HashMap<LabelId, i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        label_id: Uuid,
        #[diesel(sql_type = BigInt)]
        exemplars: i64,
    }
    let rows: Vec<Row> = statement(
        "SELECT l.label_id, count(*) AS exemplars FROM ( \
             SELECT DISTINCT ON (record_id) label_id FROM exemplar_changes WHERE tenant_id = $1 \
             ORDER BY record_id, version DESC) l \
         WHERE l.label_id IS NOT NULL GROUP BY l.label_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (LabelId(row.label_id), row.exemplars)).collect())
}

/// Records that people decided before anything was learnt, some at a time.
pub(crate) async fn untaught(connection: &mut Connection, tenant: TenantId, limit: i64) -> Stored<Vec<RecordId>> {
    let rows: Vec<IdRow> = statement(
        "SELECT r.id FROM decisions d \
         JOIN records r ON r.id = d.record_id AND r.current_decision_id = d.id \
         WHERE d.tenant_id = $1 AND d.stage = 'human' AND d.label_id IS NOT NULL \
           AND NOT EXISTS (SELECT FROM exemplar_changes c WHERE c.record_id = r.id) \
         ORDER BY r.id LIMIT $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| RecordId(row.id)).collect())
}

/// Exemplars without a vector of this model, some at a time.
pub(crate) async fn without_vector(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    limit: i64,
) -> Stored<Vec<RecordId>> {
    let rows: Vec<IdRow> = statement(
        "SELECT l.record_id AS id FROM ( \
             SELECT DISTINCT ON (record_id) record_id, label_id FROM exemplar_changes WHERE tenant_id = $1 \
             ORDER BY record_id, version DESC) l \
         WHERE l.label_id IS NOT NULL AND NOT (EXISTS ( \
                   SELECT FROM exemplar_changes k WHERE k.record_id = l.record_id AND k.model_id = $2) \
               AND EXISTS ( \
                   SELECT FROM embeddings m WHERE m.record_id = l.record_id AND m.model_id = $2)) \
         ORDER BY l.record_id LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| RecordId(row.id)).collect())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}
