//! `tenant_entitlements`: how many members a tenant may have.

use common::event::EntitlementsUpdated;
use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

/// Seats of a plan that are all taken or promised.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct SeatsTaken {
    /// How many the plan has.
    #[diesel(sql_type = BigInt)]
    pub seats: i64,
    /// Members, and open invites.
    #[diesel(sql_type = BigInt)]
    pub taken: i64,
    #[diesel(sql_type = Text)]
    pub plan: String,
}

/// Takes over what billing tells, unless something newer is known.
pub(crate) async fn put(connection: &mut Connection, told: &EntitlementsUpdated) -> Result<(), DbError> {
    let seats = told.allowance.seats.map(|seats| i64::try_from(seats).unwrap_or(i64::MAX));
    statement(
        "INSERT INTO tenant_entitlements AS known (tenant_id, plan, seats, version) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id) DO UPDATE \
         SET plan = excluded.plan, seats = excluded.seats, version = excluded.version \
         WHERE known.version < excluded.version",
    )
    .bind::<SqlUuid, _>(told.tenant_id.0)
    .bind::<Text, _>(&told.plan)
    .bind::<Nullable<BigInt>, _>(seats)
    .bind::<Integer, _>(told.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// The seats, if no one is left; an open invite holds one until it expires. Lock the tenant first. While billing has
/// told nothing, nobody is refused.
pub(crate) async fn seats_taken(
    connection: &mut Connection,
    tenant: TenantId,
    now: DateTime,
) -> Result<Option<SeatsTaken>, DbError> {
    let rows: Vec<SeatsTaken> = statement(
        "SELECT * FROM (SELECT e.seats, e.plan, \
             (SELECT count(*) FROM memberships m WHERE m.tenant_id = e.tenant_id) \
             + (SELECT count(*) FROM invites i WHERE i.tenant_id = e.tenant_id AND i.accepted_at IS NULL \
                AND i.revoked_at IS NULL AND i.expires_at > $2) AS taken \
         FROM tenant_entitlements e WHERE e.tenant_id = $1) found WHERE taken >= seats",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next())
}
