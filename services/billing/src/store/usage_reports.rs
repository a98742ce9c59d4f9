//! How much of a month's excess was reported to a provider that bills it.

use chrono::NaiveDate;
use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Date, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

/// A report on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Sending {
    /// What was reported before.
    #[diesel(sql_type = BigInt)]
    pub(crate) reported: i64,
    /// What is reported with it.
    #[diesel(sql_type = BigInt)]
    pub(crate) sending: i64,
    /// When it was begun: sent again, it is the same report to the last byte.
    #[diesel(sql_type = Timestamptz)]
    pub(crate) begun_at: DateTime,
}

/// Begins a report up to `excess`, or returns the one that was begun and is not known to have arrived.
pub(crate) async fn begin(
    connection: &mut Connection,
    tenant: TenantId,
    month: NaiveDate,
    excess: i64,
    now: DateTime,
) -> Result<Option<Sending>, DbError> {
    let rows: Vec<Sending> = statement(
        "INSERT INTO usage_reports AS known (tenant_id, month, sending, updated_at) SELECT $1, $2, $3, $4 WHERE $3 > 0 \
         ON CONFLICT (tenant_id, month) DO UPDATE \
         SET sending = coalesce(known.sending, excluded.sending), \
             updated_at = CASE WHEN known.sending IS NULL THEN excluded.updated_at ELSE known.updated_at END \
         WHERE coalesce(known.sending, excluded.sending) > known.reported \
         RETURNING reported, sending, updated_at AS begun_at",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(month)
    .bind::<BigInt, _>(excess)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next())
}

/// Notes that the report arrived.
pub(crate) async fn arrived(
    connection: &mut Connection,
    tenant: TenantId,
    month: NaiveDate,
    sent: Sending,
) -> Result<(), DbError> {
    statement(
        "UPDATE usage_reports SET reported = $4, sending = NULL \
         WHERE tenant_id = $1 AND month = $2 AND reported = $3 AND sending = $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(month)
    .bind::<BigInt, _>(sent.reported)
    .bind::<BigInt, _>(sent.sending)
    .execute(connection)
    .await?;
    Ok(())
}
