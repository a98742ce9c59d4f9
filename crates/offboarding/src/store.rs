//! Rows of `deleted_tenants`, and the functions of the database that remove rows.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// The name that stands for what a service removes by itself; no table has it.
const OWN: &str = "";

/// Where a pass is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before the first table.
    Start,
    /// In a table.
    In(String),
    /// Past the tables, in what the service removes by itself.
    Own,
}

/// A pass through what a service holds of a tenant.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) tenant: TenantId,
    pub(crate) deleted_at: DateTime,
    pub(crate) place: Place,
    pub(crate) page: i64,
    /// Rows removed by all passes.
    pub(crate) removed: i64,
    /// Whether this pass found anything.
    pub(crate) has_found: bool,
    /// Whether an earlier one found nothing.
    pub(crate) was_emptied: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    deleted_at: DateTime,
    #[diesel(sql_type = Nullable<Text>)]
    at_table: Option<String>,
    #[diesel(sql_type = BigInt)]
    at_page: i64,
    #[diesel(sql_type = BigInt)]
    removed: i64,
    #[diesel(sql_type = Bool)]
    has_found: bool,
    #[diesel(sql_type = Bool)]
    was_emptied: bool,
}

#[derive(QueryableByName)]
struct Tenant {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = BigInt)]
    removed: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    next_page: Option<i64>,
}

/// Writes the tombstone; one that is there stays as it is.
pub(crate) async fn bury(
    connection: &mut Connection,
    tenant: TenantId,
    (by, at): (&str, DateTime),
    now: DateTime,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO deleted_tenants (tenant_id, deleted_at, deleted_by, due_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .bind::<Text, _>(by)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// The deleted tenants of whom something may still come, or only those heard of lately. Needs the system's scope.
pub(crate) async fn deleted(connection: &mut Connection, lately: bool) -> Result<Vec<TenantId>, DbError> {
    let rows: Vec<Tenant> = if lately {
        statement("SELECT tenant_id FROM deleted_tenants WHERE heard_at > now() - interval '10 minutes'")
            .load(connection)
            .await?
    } else {
        statement("SELECT tenant_id FROM deleted_tenants WHERE due_at IS NOT NULL").load(connection).await?
    };
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// The pass that waits longest, for this transaction alone. Needs the system's scope, as all below.
pub(crate) async fn claim(connection: &mut Connection, now: DateTime) -> Result<Option<Pass>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT tenant_id, deleted_at, at_table, at_page, removed, has_found, emptied_at IS NOT NULL AS was_emptied \
         FROM deleted_tenants WHERE due_at <= $1 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    let place = |name: Option<String>| match name {
        None => Place::Start,
        Some(name) if name == OWN => Place::Own,
        Some(name) => Place::In(name),
    };
    Ok(rows.into_iter().next().map(|row| Pass {
        tenant: TenantId(row.tenant_id),
        deleted_at: row.deleted_at,
        place: place(row.at_table),
        page: row.at_page,
        removed: row.removed,
        has_found: row.has_found,
        was_emptied: row.was_emptied,
    }))
}

/// The tables that hold rows of tenants, each before those that it refers to.
pub(crate) async fn tables(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    let rows: Vec<Table> = statement("SELECT name FROM tenant_tables()").load(connection).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Removes some rows from a table: how many, and the page to go on at. `None` when another table refers to them.
pub(crate) async fn remove(
    connection: &mut Connection,
    tenant: TenantId,
    table: &str,
    (page, pages, most): (i64, i64, i64),
) -> Result<Option<(i64, Option<i64>)>, DbError> {
    let rows: Vec<Step> = statement("SELECT removed, next_page FROM remove_tenant_rows($1, $2, $3, $4, $5)")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(table)
        .bind::<BigInt, _>(page)
        .bind::<BigInt, _>(pages)
        .bind::<BigInt, _>(most)
        .load(connection)
        .await?;
    Ok(rows.into_iter().next().map(|step| (step.removed, step.next_page)))
}

/// Keeps where the pass is; it goes on after those of other tenants.
pub(crate) async fn advance(connection: &mut Connection, pass: &Pass, now: DateTime) -> Result<(), DbError> {
    let place = match &pass.place {
        Place::Start => None,
        Place::In(table) => Some(table.as_str()),
        Place::Own => Some(OWN),
    };
    statement(
        "UPDATE deleted_tenants SET at_table = $2, at_page = $3, removed = $4, has_found = $5, due_at = $6 \
         WHERE tenant_id = $1",
    )
    .bind::<SqlUuid, _>(pass.tenant.0)
    .bind::<Nullable<Text>, _>(place)
    .bind::<BigInt, _>(pass.page)
    .bind::<BigInt, _>(pass.removed)
    .bind::<Bool, _>(pass.has_found)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a pass.
pub(crate) async fn finish(
    connection: &mut Connection,
    pass: &Pass,
    due: Option<DateTime>,
    now: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE deleted_tenants SET at_table = NULL, at_page = 0, removed = $2, has_found = false, due_at = $3, \
             emptied_at = CASE WHEN $4 THEN emptied_at ELSE coalesce(emptied_at, $5) END WHERE tenant_id = $1",
    )
    .bind::<SqlUuid, _>(pass.tenant.0)
    .bind::<BigInt, _>(pass.removed)
    .bind::<Nullable<Timestamptz>, _>(due)
    .bind::<Bool, _>(pass.has_found)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}
