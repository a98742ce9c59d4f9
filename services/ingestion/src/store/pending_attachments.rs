//! Rows of `pending_attachments`.

use common::{DateTime, DeliveryId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::pending::{Pending, Setback, Verdict};

#[derive(QueryableByName)]
struct Leased {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    delivery_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    place: i16,
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    content_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    url: Option<String>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// A file that is not stored, as it is shown.
#[derive(Debug, QueryableByName)]
pub(crate) struct PendingRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) delivery_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    pub(crate) place: i16,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) url: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) error: Option<String>,
    #[diesel(sql_type = Integer)]
    pub(crate) attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) due_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime,
}

/// Notes a file that is to be stored, due at once; one that is known stays as it is.
pub(crate) async fn insert(connection: &mut Connection, pending: &Pending, now: DateTime) -> Result<(), DbError> {
    statement(
        "INSERT INTO pending_attachments (delivery_id, place, tenant_id, record_id, name, content_type, url, state, \
             due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $8) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(pending.delivery_id.0)
    .bind::<SmallInt, _>(pending.place)
    .bind::<SqlUuid, _>(pending.tenant_id.0)
    .bind::<SqlUuid, _>(pending.record_id.0)
    .bind::<Text, _>(&pending.name)
    .bind::<Nullable<Text>, _>(pending.content_type.as_deref())
    .bind::<Nullable<Text>, _>(pending.url.as_deref())
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the file that waits longest, for one try. Needs the system's scope.
pub(crate) async fn lease(
    connection: &mut Connection,
    now: DateTime,
    until: DateTime,
) -> Result<Option<Pending>, DbError> {
    let lease_id = Uuid::new_v4();
    let row: Option<Leased> = statement(
        "UPDATE pending_attachments SET lease_id = $1, due_at = $3, attempts = attempts + 1 \
         WHERE (delivery_id, place) = (SELECT delivery_id, place FROM pending_attachments \
             WHERE state = 'waiting' AND due_at <= $2 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING tenant_id, delivery_id, place, record_id, name, content_type, url, attempts",
    )
    .bind::<SqlUuid, _>(lease_id)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(|row| Pending {
        tenant_id: TenantId(row.tenant_id),
        delivery_id: DeliveryId(row.delivery_id),
        place: row.place,
        record_id: RecordId(row.record_id),
        name: row.name,
        content_type: row.content_type,
        url: row.url,
        attempts: row.attempts,
        lease_id,
    }))
}

/// Ends the try of a file that is stored; `false` when it was somebody else's by then, or the file is wanted no more.
pub(crate) async fn finish(connection: &mut Connection, pending: &Pending) -> Result<bool, DbError> {
    let finished = statement(
        "DELETE FROM pending_attachments WHERE tenant_id = $1 AND delivery_id = $2 AND place = $3 AND lease_id = $4",
    )
    .bind::<SqlUuid, _>(pending.tenant_id.0)
    .bind::<SqlUuid, _>(pending.delivery_id.0)
    .bind::<SmallInt, _>(pending.place)
    .bind::<SqlUuid, _>(pending.lease_id)
    .execute(connection)
    .await?;
    Ok(finished == 1)
}

/// Ends the try of a file that is not stored; `false` as above.
pub(crate) async fn set_back(
    connection: &mut Connection,
    pending: &Pending,
    (setback, verdict): (&Setback, Verdict),
) -> Result<bool, DbError> {
    let (due, counts) = match verdict {
        Verdict::Again { due, counts } => (Some(due), counts),
        Verdict::Failed => (None, true),
    };
    let written = statement(
        "UPDATE pending_attachments SET lease_id = NULL, reason = $5, error = $6, due_at = coalesce($7, due_at), \
             state = CASE WHEN $7 IS NULL THEN 'failed' ELSE 'waiting' END, \
             attempts = attempts - CASE WHEN $8 THEN 0 ELSE 1 END \
         WHERE tenant_id = $1 AND delivery_id = $2 AND place = $3 AND lease_id = $4",
    )
    .bind::<SqlUuid, _>(pending.tenant_id.0)
    .bind::<SqlUuid, _>(pending.delivery_id.0)
    .bind::<SmallInt, _>(pending.place)
    .bind::<SqlUuid, _>(pending.lease_id)
    .bind::<Text, _>(setback.reason)
    .bind::<Text, _>(&setback.error)
    .bind::<Nullable<Timestamptz>, _>(due)
    .bind::<Bool, _>(counts)
    .execute(connection)
    .await?;
    Ok(written == 1)
}

/// The files of a record that are not stored, in the order of their places.
pub(crate) async fn of_record(
    connection: &mut Connection,
    (tenant, record): (TenantId, RecordId),
    limit: i64,
) -> Result<Vec<PendingRow>, DbError> {
    let rows = statement(
        "SELECT delivery_id, place, name, url, state, reason, error, attempts, due_at, created_at \
         FROM pending_attachments WHERE tenant_id = $1 AND record_id = $2 ORDER BY delivery_id, place LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(record.0)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows)
}

/// Has the files of a record tried again, those that were given up as well, and says how many.
pub(crate) async fn retry(
    connection: &mut Connection,
    (tenant, record): (TenantId, RecordId),
    now: DateTime,
) -> Result<usize, DbError> {
    Ok(statement(
        "UPDATE pending_attachments SET state = 'waiting', attempts = 0, due_at = $3, lease_id = NULL \
         WHERE tenant_id = $1 AND record_id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(record.0)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?)
}

/// Forgets the files of records whose raw forms are taken away: what a link leads to is a part of them.
pub(crate) async fn forget(connection: &mut Connection, tenant: TenantId, records: &[Uuid]) -> Result<(), DbError> {
    statement("DELETE FROM pending_attachments WHERE tenant_id = $1 AND record_id = ANY ($2)")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<diesel::sql_types::Array<SqlUuid>, _>(records)
        .execute(connection)
        .await?;
    Ok(())
}
