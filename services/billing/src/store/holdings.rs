//! Seats, integrations and files as sets.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::HoldingKind;

/// What one event says of a seat, an integration or a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    pub(crate) tenant: TenantId,
    pub(crate) kind: HoldingKind,
    pub(crate) subject: Uuid,
    pub(crate) held: bool,
    /// Of a file that is held; nothing else has any.
    pub(crate) bytes: i64,
    pub(crate) at: DateTime,
}

/// Takes over what is newer than the known; of two words at one moment, the end wins. Each subject may be there once.
pub(crate) async fn upsert(connection: &mut Connection, holdings: &[Holding]) -> Result<(), DbError> {
    if holdings.is_empty() {
        return Ok(());
    }
    let tenants: Vec<Uuid> = holdings.iter().map(|holding| holding.tenant.0).collect();
    let kinds: Vec<&str> = holdings.iter().map(|holding| holding.kind.as_str()).collect();
    let subjects: Vec<Uuid> = holdings.iter().map(|holding| holding.subject).collect();
    let held: Vec<bool> = holdings.iter().map(|holding| holding.held).collect();
    let bytes: Vec<i64> = holdings.iter().map(|holding| holding.bytes).collect();
    let times: Vec<DateTime> = holdings.iter().map(|holding| holding.at).collect();
    statement(
        "INSERT INTO holdings AS known (tenant_id, kind, subject_id, held, at, bytes) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS e (tenant, kind, subject, held, at, bytes) \
         ORDER BY tenant, kind, subject \
         ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE \
         SET held = excluded.held, at = excluded.at, bytes = excluded.bytes \
         WHERE (known.at, NOT known.held) < (excluded.at, NOT excluded.held)",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<SqlUuid>, _>(subjects)
    .bind::<Array<Bool>, _>(held)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Array<BigInt>, _>(bytes)
    .execute(connection)
    .await?;
    Ok(())
}
