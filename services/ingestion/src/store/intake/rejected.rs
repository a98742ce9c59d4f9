//! Webhooks that are not believed, kept as evidence.

use common::DateTime;
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, Binary, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::delivery::{MAX_KEPT_BODY, NewDelivery, Reason};

/// The part of a body that is kept.
pub(super) fn kept_body(body: &[u8]) -> &[u8] {
    &body[..body.len().min(MAX_KEPT_BODY)]
}

pub(super) async fn insert(
    connection: &mut Connection,
    rejected: &[(usize, &NewDelivery, Reason)],
) -> Result<(), DbError> {
    let of = |index: usize| rejected[index].1;
    let all = 0..rejected.len();
    statement(
        "INSERT INTO deliveries (id, tenant_id, integration_id, outcome, reason, headers, body, received_at) \
         SELECT id, tenant_id, integration_id, 'rejected', reason, headers::json, body, received_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7) \
         AS g (id, tenant_id, integration_id, reason, headers, body, received_at)",
    )
    .bind::<Array<SqlUuid>, _>(all.clone().map(|n| of(n).id.0).collect::<Vec<Uuid>>())
    .bind::<Array<SqlUuid>, _>(all.clone().map(|n| of(n).tenant_id.0).collect::<Vec<Uuid>>())
    .bind::<Array<SqlUuid>, _>(all.clone().map(|n| of(n).integration_id.0).collect::<Vec<Uuid>>())
    .bind::<Array<Text>, _>(rejected.iter().map(|(.., reason)| reason.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Text>, _>(all.clone().map(|n| of(n).headers.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Binary>, _>(all.clone().map(|n| kept_body(&of(n).body)).collect::<Vec<&[u8]>>())
    .bind::<Array<Timestamptz>, _>(all.map(|n| of(n).received_at).collect::<Vec<DateTime>>())
    .execute(connection)
    .await?;
    Ok(())
}
