//! What tenants' plans allow, as billing last told.

use common::event::EntitlementsUpdated;
use db::{Connection, statement};
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

use super::Stored;

/// Takes over what a tenant may do, unless something newer is known.
pub(crate) async fn put(connection: &mut Connection, told: &EntitlementsUpdated) -> Stored<()> {
    statement(
        "INSERT INTO entitlements AS known (tenant_id, plan, access, model_calls, timezone, version) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id) DO UPDATE \
         SET plan = excluded.plan, access = excluded.access, model_calls = excluded.model_calls, \
             timezone = excluded.timezone, version = excluded.version \
         WHERE known.version < excluded.version",
    )
    .bind::<SqlUuid, _>(told.tenant_id.0)
    .bind::<Text, _>(&told.plan)
    .bind::<Text, _>(told.access.as_str())
    .bind::<Nullable<BigInt>, _>(told.allowance.model_calls.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX)))
    .bind::<Text, _>(&told.timezone)
    .bind::<Integer, _>(told.version)
    .execute(connection)
    .await?;
    Ok(())
}
