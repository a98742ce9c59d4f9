//! How many bytes of files tenants may have, and how many they have.

use common::TenantId;
use common::event::Access;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

use crate::domain::quota::FileRoom;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    plan: String,
    #[diesel(sql_type = Text)]
    access: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    file_bytes: Option<i64>,
    #[diesel(sql_type = BigInt)]
    used: i64,
}

/// The room that there is; `None` while billing has told nothing of the tenant, and then nothing is refused.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId) -> Result<Option<FileRoom>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT e.plan, e.access, e.reason, e.file_bytes, coalesce(u.bytes, 0) AS used \
         FROM entitlements e LEFT JOIN file_usage u ON u.tenant_id = e.tenant_id WHERE e.tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().map(|row| FileRoom {
        plan: row.plan,
        access: Access::parse(&row.access).unwrap_or(Access::Full),
        reason: row.reason,
        limit: row.file_bytes,
        used: row.used,
    }))
}

/// The same for the transaction that stores a file: who stores one meanwhile waits for its end, so that two together
/// never pass the limit.
pub(crate) async fn find_for_update(
    connection: &mut Connection,
    tenant: TenantId,
) -> Result<Option<FileRoom>, DbError> {
    // By a statement of its own: one that counts too would count by what it saw before it waited.
    statement("SELECT FROM entitlements WHERE tenant_id = $1 FOR UPDATE")
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    find(connection, tenant).await
}
