//! Vectors: those of records, and those of what labels say of themselves.

use std::collections::HashMap;

use common::record::NormalizedRecord;
use common::{DateTime, RecordId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bytea, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, bytes_of_floats, bytes_of_words, floats, from_json, words};

/// A record's vector under one model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Embedded {
    pub(crate) record: RecordId,
    /// Which text it is of.
    pub(crate) text_hash: Vec<u8>,
    pub(crate) vector: Vec<f32>,
    pub(crate) words: Vec<u32>,
}

/// Keeps the vectors, in place of what the same records had.
pub(crate) async fn put(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    embedded: &[Embedded],
    at: DateTime,
) -> Stored<()> {
    if embedded.is_empty() {
        return Ok(());
    }
    statement(
        "INSERT INTO embeddings (record_id, model_id, tenant_id, text_hash, vector, words, embedded_at) \
         SELECT record_id, $2, $1, text_hash, vector, words, $7 \
         FROM unnest($3, $4, $5, $6) AS e (record_id, text_hash, vector, words) \
         ON CONFLICT (record_id, model_id) DO UPDATE SET text_hash = excluded.text_hash, vector = excluded.vector, \
             words = excluded.words, embedded_at = excluded.embedded_at \
         WHERE embeddings.text_hash <> excluded.text_hash",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<Array<SqlUuid>, _>(embedded.iter().map(|one| one.record.0).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(embedded.iter().map(|one| one.text_hash.as_slice()).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(embedded.iter().map(|one| bytes_of_floats(&one.vector)).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(embedded.iter().map(|one| bytes_of_words(&one.words)).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = Bytea)]
    text_hash: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    vector: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    words: Vec<u8>,
}

impl From<Row> for Embedded {
    fn from(row: Row) -> Self {
        Self {
            record: RecordId(row.record_id),
            text_hash: row.text_hash,
            vector: floats(&row.vector),
            words: words(&row.words),
        }
    }
}

/// The vectors that the records have.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    records: &[RecordId],
) -> Stored<HashMap<RecordId, Embedded>> {
    let rows: Vec<Row> = statement(
        "SELECT record_id, text_hash, vector, words FROM embeddings \
         WHERE tenant_id = $1 AND model_id = $2 AND record_id = ANY ($3)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(Embedded::from).map(|one| (one.record, one)).collect())
}

/// The newest vectors of records that no person's decision stands for.
pub(crate) async fn undecided(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    limit: i64,
) -> Stored<Vec<Embedded>> {
    let rows: Vec<Row> = statement(
        "SELECT m.record_id, m.text_hash, m.vector, m.words FROM embeddings m \
         LEFT JOIN LATERAL (SELECT c.label_id FROM exemplar_changes c WHERE c.record_id = m.record_id \
                            ORDER BY c.version DESC LIMIT 1) l ON true \
         WHERE m.tenant_id = $1 AND m.model_id = $2 AND l.label_id IS NULL \
         ORDER BY m.embedded_at DESC, m.record_id LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(Embedded::from).collect())
}

/// Forgets the vectors of records that say something else now.
pub(crate) async fn forget(connection: &mut Connection, tenants: &[TenantId], records: &[RecordId]) -> Stored<()> {
    if records.is_empty() {
        return Ok(());
    }
    statement("DELETE FROM embeddings WHERE tenant_id = ANY ($1) AND record_id = ANY ($2)")
        .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.0).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// What the records say.
pub(crate) async fn contents(
    connection: &mut Connection,
    tenant: TenantId,
    records: &[RecordId],
) -> Stored<Vec<(RecordId, NormalizedRecord)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        normalized: String,
    }
    let rows: Vec<Row> = statement(
        "SELECT id, normalized::text AS normalized FROM records WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    rows.into_iter().map(|row| Ok((RecordId(row.id), from_json(&row.normalized)?))).collect()
}

/// The vectors of labels' texts, by the texts' hashes.
pub(crate) async fn of_labels(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    hashes: &[Vec<u8>],
) -> Stored<HashMap<Vec<u8>, Vec<f32>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bytea)]
        text_hash: Vec<u8>,
        #[diesel(sql_type = Bytea)]
        vector: Vec<u8>,
    }
    let rows: Vec<Row> = statement(
        "SELECT text_hash, vector FROM label_embeddings \
         WHERE tenant_id = $1 AND model_id = $2 AND text_hash = ANY ($3)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<Array<Bytea>, _>(hashes.iter().map(Vec::as_slice).collect::<Vec<_>>())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.text_hash, floats(&row.vector))).collect())
}

/// Keeps vectors of labels' texts.
pub(crate) async fn put_of_labels(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    vectors: &[(Vec<u8>, Vec<f32>)],
) -> Stored<()> {
    if vectors.is_empty() {
        return Ok(());
    }
    statement(
        "INSERT INTO label_embeddings (tenant_id, model_id, text_hash, vector) \
         SELECT $1, $2, text_hash, vector FROM unnest($3, $4) AS e (text_hash, vector) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model_id)
    .bind::<Array<Bytea>, _>(vectors.iter().map(|(hash, _)| hash.as_slice()).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(vectors.iter().map(|(_, vector)| bytes_of_floats(vector)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
