//! Whom a provider bills for a tenant.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = Text)]
    customer_id: String,
}

#[derive(QueryableByName)]
struct OwnerRow {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

/// A customer of a provider, and whose it is.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct KnownCustomer {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) customer_id: String,
}

/// The tenant's customer at the provider, unless it was deleted there.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    provider: &str,
) -> Result<Option<String>, DbError> {
    let rows: Vec<CustomerRow> =
        statement("SELECT customer_id FROM customers WHERE tenant_id = $1 AND provider = $2 AND deleted_at IS NULL")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Text, _>(provider)
            .load(connection)
            .await?;
    Ok(rows.into_iter().next().map(|row| row.customer_id))
}

/// Whose a customer is. Needs the system's scope.
pub(crate) async fn owner(
    connection: &mut Connection,
    provider: &str,
    customer: &str,
) -> Result<Option<TenantId>, DbError> {
    let rows: Vec<OwnerRow> = statement("SELECT tenant_id FROM customers WHERE provider = $1 AND customer_id = $2")
        .bind::<Text, _>(provider)
        .bind::<Text, _>(customer)
        .load(connection)
        .await?;
    Ok(rows.into_iter().next().map(|row| TenantId(row.tenant_id)))
}

/// Binds a customer to a tenant that has none, or only a deleted one; `false` when either is bound otherwise.
pub(crate) async fn bind(
    connection: &mut Connection,
    tenant: TenantId,
    provider: &str,
    customer: &str,
    at: DateTime,
) -> Result<bool, DbError> {
    let bound = statement(
        "INSERT INTO customers AS known (tenant_id, provider, customer_id, created_at) \
         SELECT $1, $2, $3, $4 WHERE NOT EXISTS ( \
             SELECT FROM customers WHERE provider = $2 AND customer_id = $3 AND tenant_id <> $1) \
         ON CONFLICT (tenant_id, provider) DO UPDATE \
         SET customer_id = excluded.customer_id, created_at = excluded.created_at, deleted_at = NULL \
         WHERE known.deleted_at IS NOT NULL OR known.customer_id = excluded.customer_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(provider)
    .bind::<Text, _>(customer)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(bound > 0)
}

/// Notes that the provider deleted the customer.
pub(crate) async fn deleted(
    connection: &mut Connection,
    tenant: TenantId,
    provider: &str,
    customer: &str,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE customers SET deleted_at = $4 \
         WHERE tenant_id = $1 AND provider = $2 AND customer_id = $3 AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(provider)
    .bind::<Text, _>(customer)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// The provider's customers after one of them, or of one tenant. Needs the system's scope.
pub(crate) async fn list(
    connection: &mut Connection,
    provider: &str,
    only: Option<TenantId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<KnownCustomer>, DbError> {
    Ok(statement(
        "SELECT tenant_id, customer_id FROM customers \
         WHERE provider = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR tenant_id = $2) \
           AND ($3::uuid IS NULL OR tenant_id > $3) ORDER BY tenant_id LIMIT $4",
    )
    .bind::<Text, _>(provider)
    .bind::<Nullable<SqlUuid>, _>(only.map(|tenant| tenant.0))
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .load(connection)
    .await?)
}
