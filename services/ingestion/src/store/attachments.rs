//! Which sources' deliveries bring files, and what they brought.

use std::collections::HashMap;

use common::{DeliveryId, FileId, IntegrationId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, Binary, Json, Text, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use uuid::Uuid;

/// The mappings of those of the tenants' sources that declare files.
pub(crate) async fn declaring(
    connection: &mut Connection,
    tenants: &[TenantId],
) -> Result<HashMap<(TenantId, IntegrationId), Value>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Json)]
        mapping: Value,
    }
    let rows: Vec<Row> = statement(
        "SELECT tenant_id, id, mapping FROM integrations \
         WHERE tenant_id = ANY ($1) AND deleted_at IS NULL AND mapping -> 'attachments' IS NOT NULL",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| ((TenantId(row.tenant_id), IntegrationId(row.id)), row.mapping)).collect())
}

/// The body of a delivery.
pub(crate) async fn body(
    connection: &mut Connection,
    tenant: TenantId,
    delivery: DeliveryId,
) -> Result<Option<Vec<u8>>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        body: Vec<u8>,
    }
    let row: Option<Row> = statement("SELECT body FROM deliveries WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(delivery.0)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|row| row.body))
}

/// Waits until nobody else stores the file, and keeps it so until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, file: FileId) -> Result<(), DbError> {
    statement("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(file.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
