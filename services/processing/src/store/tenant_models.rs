//! Fitted models with the thresholds in force, by version; immutable once there.

use common::{DateTime, LabelId, TenantId};
use db::{Connection, statement};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, from_json, to_json};
use crate::domain::tenant_model::TenantModel;

/// So many versions are kept, so that recent decisions can be made again.
const KEPT: i64 = 10;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    embedding_model: String,
    #[diesel(sql_type = BigInt)]
    memory_version: i64,
    #[diesel(sql_type = Integer)]
    exemplars: i32,
    #[diesel(sql_type = Array<SqlUuid>)]
    labels: Vec<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    labels_changed_at: Option<DateTime>,
    #[diesel(sql_type = Text)]
    head: String,
    #[diesel(sql_type = Text)]
    inferred: String,
    #[diesel(sql_type = Text)]
    policy: String,
    #[diesel(sql_type = Timestamptz)]
    fitted_at: DateTime,
}

impl TryFrom<Row> for TenantModel {
    type Error = db::DbError;

    fn try_from(row: Row) -> Stored<Self> {
        Ok(Self {
            version: row.version,
            embedding_model: row.embedding_model,
            memory_version: row.memory_version,
            exemplars: row.exemplars,
            labels: row.labels.into_iter().map(LabelId).collect(),
            labels_changed_at: row.labels_changed_at,
            head: from_json(&row.head)?,
            inferred: from_json(&row.inferred)?,
            policy: from_json(&row.policy)?,
            fitted_at: row.fitted_at,
        })
    }
}

/// The version of the tenant's newest model under this embedding model.
pub(crate) async fn newest_version(
    connection: &mut Connection,
    tenant: TenantId,
    embedding_model: &str,
) -> Stored<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let row: Option<Row> = statement(
        "SELECT version FROM tenant_models WHERE tenant_id = $1 AND embedding_model = $2 \
         ORDER BY version DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(embedding_model)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(|row| row.version))
}

/// The model of that version.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId, version: i64) -> Stored<Option<TenantModel>> {
    let row: Option<Row> = statement(
        "SELECT version, embedding_model, memory_version, exemplars, labels, labels_changed_at, head::text AS head, \
                inferred::text AS inferred, policy::text AS policy, fitted_at \
         FROM tenant_models WHERE tenant_id = $1 AND version = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(version)
    .get_result(connection)
    .await
    .optional()?;
    row.map(TenantModel::try_from).transpose()
}

/// Keeps the model under the next version, which is returned, and drops the oldest. The caller must have the lease.
pub(crate) async fn insert(connection: &mut Connection, tenant: TenantId, model: &TenantModel) -> Stored<i64> {
    #[derive(QueryableByName)]
    struct Made {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let made: Made = statement(
        "INSERT INTO tenant_models (tenant_id, version, embedding_model, memory_version, exemplars, labels, \
                                    labels_changed_at, head_version, head, inferred, policy, fitted_at) \
         SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7, $8::json, $9::json, $10::json, $11 \
         FROM tenant_models WHERE tenant_id = $1 RETURNING version",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(&model.embedding_model)
    .bind::<BigInt, _>(model.memory_version)
    .bind::<Integer, _>(model.exemplars)
    .bind::<Array<SqlUuid>, _>(model.labels.iter().map(|label| label.0).collect::<Vec<_>>())
    .bind::<Nullable<Timestamptz>, _>(model.labels_changed_at)
    .bind::<Text, _>(model.head.version())
    .bind::<Text, _>(to_json(&model.head)?)
    .bind::<Text, _>(to_json(&model.inferred)?)
    .bind::<Text, _>(to_json(&model.policy)?)
    .bind::<Timestamptz, _>(model.fitted_at)
    .get_result(connection)
    .await?;
    statement("DELETE FROM tenant_models WHERE tenant_id = $1 AND version <= $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<BigInt, _>(made.version - KEPT)
        .execute(connection)
        .await?;
    Ok(made.version)
}
