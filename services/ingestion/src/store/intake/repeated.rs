//! Webhooks that came before: a row for the receipt, and the record of the first one. What was expunged from that one
//! is not kept again.

use std::collections::HashMap;

use common::DateTime;
use common::record::RecordStatus;
use common::{DeliveryId, RecordId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Binary, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::Delivered;
use super::rejected::kept_body;
use crate::domain::entry::Stored;

#[derive(QueryableByName)]
struct First {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
}

/// A new statement sees what the conflicting transaction committed, and what this one wrote before.
pub(super) async fn insert(
    connection: &mut Connection,
    repeated: &[Delivered<'_>],
    outcomes: &mut [Option<Stored>],
) -> Result<(), DbError> {
    let deliveries = || repeated.iter().map(|webhook| webhook.delivery);
    let rows: Vec<First> = statement(
        "INSERT INTO deliveries (id, tenant_id, integration_id, outcome, dedupe_key, record_id, headers, body, \
             received_at) \
         SELECT g.id, g.tenant_id, g.integration_id, 'duplicate', g.dedupe_key, first.record_id, \
                CASE WHEN r.raw_expunged_at IS NULL THEN g.headers::json ELSE '{}' END, \
                CASE WHEN r.raw_expunged_at IS NULL THEN g.body ELSE '' END, g.received_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7) \
             AS g (id, tenant_id, integration_id, dedupe_key, headers, body, received_at) \
         JOIN deliveries first ON first.integration_id = g.integration_id AND first.dedupe_key = g.dedupe_key \
             AND first.tenant_id = g.tenant_id AND first.outcome IN ('accepted', 'held') \
         LEFT JOIN records r ON r.id = first.record_id AND r.tenant_id = first.tenant_id \
         RETURNING id, record_id",
    )
    .bind::<Array<SqlUuid>, _>(deliveries().map(|delivery| delivery.id.0).collect::<Vec<Uuid>>())
    .bind::<Array<SqlUuid>, _>(deliveries().map(|delivery| delivery.tenant_id.0).collect::<Vec<Uuid>>())
    .bind::<Array<SqlUuid>, _>(deliveries().map(|delivery| delivery.integration_id.0).collect::<Vec<Uuid>>())
    .bind::<Array<Binary>, _>(deliveries().map(|delivery| delivery.dedupe_key.as_slice()).collect::<Vec<&[u8]>>())
    .bind::<Array<Text>, _>(deliveries().map(|delivery| delivery.headers.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Binary>, _>(deliveries().map(|delivery| kept_body(&delivery.body)).collect::<Vec<&[u8]>>())
    .bind::<Array<Timestamptz>, _>(deliveries().map(|delivery| delivery.received_at).collect::<Vec<DateTime>>())
    .load(connection)
    .await?;
    let firsts: HashMap<DeliveryId, RecordId> =
        rows.into_iter().map(|row| (DeliveryId(row.id), RecordId(row.record_id))).collect();
    for webhook in repeated {
        if let Some(first) = firsts.get(&webhook.delivery.id) {
            outcomes[webhook.index] =
                Some(Stored { record_id: Some(*first), status: RecordStatus::Ingested, duplicate: true });
        }
    }
    Ok(())
}
