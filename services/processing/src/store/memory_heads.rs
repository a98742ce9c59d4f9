//! The head of each tenant's memory: how far it is, what is still to be done in the background, and who does it.

use common::{DateTime, TenantId};
use db::{Connection, statement};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::Stored;

/// A tenant's memory at this moment.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct MemoryHead {
    /// What has been learnt.
    #[diesel(sql_type = BigInt)]
    pub(crate) version: i64,
    /// Whether decisions from before there was a memory have been taken in.
    #[diesel(sql_type = Bool)]
    pub(crate) is_complete: bool,
    /// Up to where exemplars are known to have vectors …
    #[diesel(sql_type = BigInt)]
    pub(crate) embedded_version: i64,
    /// … of this model.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) embedded_model: Option<String>,
    /// What the draw of audits is salted with.
    #[diesel(sql_type = SqlUuid)]
    pub(crate) audit_salt: Uuid,
}

/// The head; made when the tenant has none.
pub(crate) async fn find_or_make(connection: &mut Connection, tenant: TenantId) -> Stored<MemoryHead> {
    if let Some(head) = find(connection, tenant).await? {
        return Ok(head);
    }
    statement("INSERT INTO memory_heads (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    Ok(find(connection, tenant).await?.ok_or(diesel::result::Error::NotFound)?)
}

async fn find(connection: &mut Connection, tenant: TenantId) -> Stored<Option<MemoryHead>> {
    Ok(statement(
        "SELECT version, is_complete, embedded_version, embedded_model, audit_salt \
         FROM memory_heads WHERE tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(connection)
    .await
    .optional()?)
}

/// When a tenant's model is due to be fitted anew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due<'a> {
    pub(crate) model_id: &'a str,
    /// So many lessons are enough, or a tenth of the exemplars if that is more.
    pub(crate) lessons: i64,
    /// Fewer are enough for a model from before this time.
    pub(crate) fitted_before: DateTime,
    pub(crate) now: DateTime,
}

/// Tenants whose embedding stage is on and whose exemplars lack vectors or whose model is behind, that nobody is at.
pub(crate) async fn due(connection: &mut Connection, due: Due<'_>, limit: i64) -> Stored<Vec<TenantId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
    }
    let rows: Vec<Row> = statement(
        "SELECT s.tenant_id FROM processing_settings s \
         LEFT JOIN memory_heads h ON h.tenant_id = s.tenant_id \
         LEFT JOIN LATERAL ( \
             SELECT memory_version, exemplars, cardinality(labels) AS labels, labels_changed_at, fitted_at \
             FROM tenant_models m WHERE m.tenant_id = s.tenant_id AND m.embedding_model = $1 \
             ORDER BY m.version DESC LIMIT 1) m ON true \
         LEFT JOIN LATERAL ( \
             SELECT count(*) AS labels, max(updated_at) AS changed_at FROM labels l WHERE l.tenant_id = s.tenant_id \
         ) l ON true \
         WHERE s.embedding_stage AND (h.fit_lease_until IS NULL OR h.fit_lease_until <= $4) \
           AND (h.tenant_id IS NULL OR NOT h.is_complete OR h.embedded_model IS DISTINCT FROM $1 \
                OR h.embedded_version < h.version \
                OR m.fitted_at IS NULL OR s.updated_at > m.fitted_at OR m.labels <> l.labels OR m.labels_changed_at IS DISTINCT FROM l.changed_at \
                OR h.version - m.memory_version >= greatest($2, m.exemplars / 10) \
                OR h.version > m.memory_version AND m.fitted_at <= $3) \
         ORDER BY m.fitted_at NULLS FIRST LIMIT $5",
    )
    .bind::<Text, _>(due.model_id)
    .bind::<BigInt, _>(due.lessons)
    .bind::<Timestamptz, _>(due.fitted_before)
    .bind::<Timestamptz, _>(due.now)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// Takes the tenant's model in hand until that time; false when another has it.
pub(crate) async fn lease(
    connection: &mut Connection,
    tenant: TenantId,
    lease: Uuid,
    now: DateTime,
    until: DateTime,
) -> Stored<bool> {
    let taken = statement(
        "INSERT INTO memory_heads (tenant_id, fit_lease, fit_lease_until) VALUES ($1, $2, $4) \
         ON CONFLICT (tenant_id) DO UPDATE SET fit_lease = $2, fit_lease_until = $4 \
         WHERE memory_heads.fit_lease_until IS NULL OR memory_heads.fit_lease_until <= $3 \
            OR memory_heads.fit_lease = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(lease)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .execute(connection)
    .await?;
    Ok(taken > 0)
}

/// Lets others have it. True when the lease was still held.
pub(crate) async fn release(connection: &mut Connection, tenant: TenantId, lease: Uuid) -> Stored<bool> {
    let released = statement(
        "UPDATE memory_heads SET fit_lease = NULL, fit_lease_until = NULL WHERE tenant_id = $1 AND fit_lease = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(lease)
    .execute(connection)
    .await?;
    Ok(released > 0)
}

/// Says that everything people decided before has been taken in.
pub(crate) async fn complete(connection: &mut Connection, tenant: TenantId) -> Stored<()> {
    statement("UPDATE memory_heads SET is_complete = true WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says that up to the version every exemplar has a vector of the model.
pub(crate) async fn embedded(
    connection: &mut Connection,
    tenant: TenantId,
    model_id: &str,
    version: i64,
) -> Stored<()> {
    statement("UPDATE memory_heads SET embedded_version = $3, embedded_model = $2 WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(model_id)
        .bind::<BigInt, _>(version)
        .execute(connection)
        .await?;
    Ok(())
}
