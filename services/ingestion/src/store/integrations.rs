//! Rows of `integrations`.

use common::{DateTime, IntegrationId, TenantId};
use db::{Connection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::integrations;
use crate::domain::integration::{Integration, IntegrationStatus};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = integrations)]
struct Row {
    id: Uuid,
    tenant_id: Uuid,
    provider: String,
    name: String,
    status: String,
    config: Value,
    mapping: Option<Value>,
    secret_sealed: Vec<u8>,
    previous_secret_sealed: Option<Vec<u8>>,
    previous_secret_expires_at: Option<DateTime>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

impl From<Row> for Integration {
    fn from(row: Row) -> Self {
        Self {
            id: IntegrationId(row.id),
            tenant_id: TenantId(row.tenant_id),
            provider: row.provider,
            name: row.name,
            // The table's check lets nothing else in.
            status: IntegrationStatus::parse(&row.status).unwrap_or(IntegrationStatus::Paused),
            config: row.config,
            mapping: row.mapping,
            secret_sealed: row.secret_sealed,
            previous_secret_sealed: row.previous_secret_sealed,
            previous_secret_expires_at: row.previous_secret_expires_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Writes a new integration; `false` when its name is taken.
pub(crate) async fn insert(connection: &mut Connection, integration: &Integration) -> Result<bool, DbError> {
    let row = Row {
        id: integration.id.0,
        tenant_id: integration.tenant_id.0,
        provider: integration.provider.clone(),
        name: integration.name.clone(),
        status: integration.status.as_str().to_owned(),
        config: integration.config.clone(),
        mapping: integration.mapping.clone(),
        secret_sealed: integration.secret_sealed.clone(),
        previous_secret_sealed: integration.previous_secret_sealed.clone(),
        previous_secret_expires_at: integration.previous_secret_expires_at,
        version: integration.version,
        created_at: integration.created_at,
        updated_at: integration.updated_at,
    };
    let written =
        diesel::insert_into(integrations::table).values(row).on_conflict_do_nothing().execute(connection).await?;
    Ok(written == 1)
}

/// An undeleted integration of the tenant.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: IntegrationId,
) -> Result<Option<Integration>, DbError> {
    let row: Option<Row> = integrations::table
        .filter(integrations::tenant_id.eq(tenant.0))
        .filter(integrations::id.eq(id.0))
        .filter(integrations::deleted_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Integration::from))
}

/// The same, locked until the transaction ends, so that one change follows the other.
pub(crate) async fn find_for_update(
    connection: &mut Connection,
    tenant: TenantId,
    id: IntegrationId,
) -> Result<Option<Integration>, DbError> {
    let row: Option<Row> = integrations::table
        .filter(integrations::tenant_id.eq(tenant.0))
        .filter(integrations::id.eq(id.0))
        .filter(integrations::deleted_at.is_null())
        .select(Row::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Integration::from))
}

/// An undeleted integration of any tenant: a webhook names no other owner. Needs the system's scope.
pub(crate) async fn find_of_any_tenant(
    connection: &mut Connection,
    id: IntegrationId,
) -> Result<Option<Integration>, DbError> {
    let row: Option<Row> = integrations::table
        .filter(integrations::id.eq(id.0))
        .filter(integrations::deleted_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Integration::from))
}

/// Up to `limit` integrations, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<IntegrationId>,
    limit: i64,
) -> Result<Vec<Integration>, DbError> {
    let mut query = integrations::table
        .filter(integrations::tenant_id.eq(tenant.0))
        .filter(integrations::deleted_at.is_null())
        .select(Row::as_select())
        .order(integrations::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(integrations::id.lt(before.0));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    Ok(rows.into_iter().map(Integration::from).collect())
}

/// Writes a changed integration; `release` sets whether what was held for it is to be released. `false` when its
/// name is taken.
pub(crate) async fn update(
    connection: &mut Connection,
    integration: &Integration,
    release: bool,
) -> Result<bool, DbError> {
    let written = diesel::update(
        integrations::table
            .filter(integrations::tenant_id.eq(integration.tenant_id.0))
            .filter(integrations::id.eq(integration.id.0)),
    )
    .set((
        integrations::name.eq(&integration.name),
        integrations::status.eq(integration.status.as_str()),
        integrations::config.eq(&integration.config),
        integrations::mapping.eq(&integration.mapping),
        integrations::release_pending.eq(release),
        integrations::version.eq(integration.version),
        integrations::updated_at.eq(integration.updated_at),
    ))
    .execute(connection)
    .await
    .map_err(DbError::from);
    match written {
        Ok(_) => Ok(true),
        Err(error) if error.unique_constraint() == Some("integrations_name") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes an integration's secrets and version.
pub(crate) async fn update_secrets(connection: &mut Connection, integration: &Integration) -> Result<(), DbError> {
    let row = integrations::table
        .filter(integrations::tenant_id.eq(integration.tenant_id.0))
        .filter(integrations::id.eq(integration.id.0));
    diesel::update(row)
        .set((
            integrations::secret_sealed.eq(&integration.secret_sealed),
            integrations::previous_secret_sealed.eq(&integration.previous_secret_sealed),
            integrations::previous_secret_expires_at.eq(integration.previous_secret_expires_at),
            integrations::version.eq(integration.version),
            integrations::updated_at.eq(integration.updated_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Marks an integration as deleted; its deliveries and records stay.
pub(crate) async fn delete(
    connection: &mut Connection,
    tenant: TenantId,
    id: IntegrationId,
    at: DateTime,
) -> Result<(), DbError> {
    diesel::update(integrations::table.filter(integrations::tenant_id.eq(tenant.0)).filter(integrations::id.eq(id.0)))
        .set((
            integrations::deleted_at.eq(at),
            integrations::updated_at.eq(at),
            integrations::release_pending.eq(false),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
