//! `sign_in_providers` and `sign_in_domains`: a tenant's identity provider, and whose addresses it lets in.

use common::{DateTime, Role, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A tenant's provider.
#[derive(Clone, QueryableByName)]
pub(crate) struct ProviderRow {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub issuer: String,
    #[diesel(sql_type = Text)]
    pub client_id: String,
    #[diesel(sql_type = Binary)]
    pub client_secret_sealed: Vec<u8>,
    #[diesel(sql_type = Text)]
    pub default_role: String,
    #[diesel(sql_type = Text)]
    pub second_factor: String,
    #[diesel(sql_type = Integer)]
    pub session_hours: i32,
    #[diesel(sql_type = Bool)]
    pub enabled: bool,
    #[diesel(sql_type = Bool)]
    pub required: bool,
    #[diesel(sql_type = Integer)]
    pub version: i32,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime,
}

/// A provider as it shall be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewProvider<'a> {
    pub tenant: TenantId,
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub client_secret_sealed: &'a [u8],
    pub default_role: Role,
    pub second_factor: &'static str,
    pub session_hours: i32,
    pub enabled: bool,
    pub required: bool,
    pub at: DateTime,
}

/// A domain, and whether it was proven.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct DomainRow {
    #[diesel(sql_type = Text)]
    pub domain: String,
    #[diesel(sql_type = Text)]
    pub challenge: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub proven_at: Option<DateTime>,
}

/// A tenant that lets a domain in.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct WayRow {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Bool)]
    pub required: bool,
}

/// The tenant's provider.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId) -> Result<Option<ProviderRow>, DbError> {
    let mut rows: Vec<ProviderRow> = statement("SELECT * FROM sign_in_providers WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .load(connection)
        .await?;
    Ok(rows.pop())
}

/// Sets the tenant's provider, in the place of a former one whose version it raises.
pub(crate) async fn set(connection: &mut Connection, new: NewProvider<'_>) -> Result<ProviderRow, DbError> {
    Ok(statement(
        "INSERT INTO sign_in_providers AS p (tenant_id, issuer, client_id, client_secret_sealed, default_role, \
         second_factor, session_hours, enabled, required, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
         ON CONFLICT (tenant_id) DO UPDATE SET issuer = $2, client_id = $3, client_secret_sealed = $4, \
         default_role = $5, second_factor = $6, session_hours = $7, enabled = $8, required = $9, updated_at = $10, \
         version = p.version + 1 RETURNING *",
    )
    .bind::<SqlUuid, _>(new.tenant.0)
    .bind::<Text, _>(new.issuer)
    .bind::<Text, _>(new.client_id)
    .bind::<Binary, _>(new.client_secret_sealed)
    .bind::<Text, _>(new.default_role.as_str())
    .bind::<Text, _>(new.second_factor)
    .bind::<Integer, _>(new.session_hours)
    .bind::<Bool, _>(new.enabled)
    .bind::<Bool, _>(new.required)
    .bind::<Timestamptz, _>(new.at)
    .get_result(connection)
    .await?)
}

/// Takes the tenant's provider and its domains away.
pub(crate) async fn delete(connection: &mut Connection, tenant: TenantId) -> Result<(), DbError> {
    statement("DELETE FROM sign_in_providers WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The tenant's domains, by name.
pub(crate) async fn domains(connection: &mut Connection, tenant: TenantId) -> Result<Vec<DomainRow>, DbError> {
    Ok(statement("SELECT domain, challenge, proven_at FROM sign_in_domains WHERE tenant_id = $1 ORDER BY domain")
        .bind::<SqlUuid, _>(tenant.0)
        .load(connection)
        .await?)
}

/// Makes the tenant's domains these; one that stays keeps its challenge and its proof. `proven_at` is for new ones.
pub(crate) async fn set_domains(
    connection: &mut Connection,
    tenant: TenantId,
    domains: &[String],
    challenges: &[String],
    proven_at: Option<DateTime>,
) -> Result<(), DbError> {
    statement("DELETE FROM sign_in_domains WHERE tenant_id = $1 AND domain <> ALL ($2)")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Array<Text>, _>(domains)
        .execute(connection)
        .await?;
    statement(
        "INSERT INTO sign_in_domains (tenant_id, domain, challenge, proven_at) \
         SELECT $1, u.domain, u.challenge, $4 FROM unnest($2, $3) AS u (domain, challenge) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<Text>, _>(domains)
    .bind::<Array<Text>, _>(challenges)
    .bind::<Nullable<Timestamptz>, _>(proven_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a domain with that challenge is proven; `false` when it was, or is gone.
pub(crate) async fn prove_domain(
    connection: &mut Connection,
    tenant: TenantId,
    (domain, challenge): (&str, &str),
    at: DateTime,
) -> Result<bool, DbError> {
    let rows = statement(
        "UPDATE sign_in_domains SET proven_at = $4 \
         WHERE tenant_id = $1 AND domain = $2 AND challenge = $3 AND proven_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(domain)
    .bind::<Text, _>(challenge)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(rows == 1)
}

/// The tenants whose provider lets a domain in, whosever they are; needs the system scope.
pub(crate) async fn ways_of(connection: &mut Connection, domain: &str) -> Result<Vec<WayRow>, DbError> {
    Ok(statement(
        "SELECT t.id AS tenant_id, t.name, p.required FROM sign_in_domains d \
         JOIN sign_in_providers p ON p.tenant_id = d.tenant_id AND p.enabled \
         JOIN tenants t ON t.id = d.tenant_id AND t.deleted_at IS NULL \
         WHERE d.domain = $1 AND d.proven_at IS NOT NULL ORDER BY d.proven_at, t.id LIMIT 20",
    )
    .bind::<Text, _>(domain)
    .load(connection)
    .await?)
}
