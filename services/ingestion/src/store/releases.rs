//! Letting go what was held while a source was paused.

use bigdecimal::BigDecimal;
use common::amount::Amount;
use common::event::RecordSnapshot;
use common::record::NormalizedRecord;
use common::{DateTime, DeliveryId, IntegrationId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Json, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
}

/// A source with records to let go.
#[derive(Debug)]
pub(crate) struct ResumedSource {
    pub(crate) id: IntegrationId,
    pub(crate) tenant_id: TenantId,
    pub(crate) name: String,
}

/// Sources that were resumed and are not done. Needs the system's scope.
pub(crate) async fn resumed_sources(connection: &mut Connection) -> Result<Vec<ResumedSource>, DbError> {
    let rows: Vec<Waiting> =
        statement("SELECT id, tenant_id, name FROM integrations WHERE release_pending ORDER BY id LIMIT 100")
            .load(connection)
            .await?;
    Ok(rows
        .into_iter()
        .map(|row| ResumedSource { id: IntegrationId(row.id), tenant_id: TenantId(row.tenant_id), name: row.name })
        .collect())
}

/// Locks the source against being paused meanwhile; `false` when there is nothing to release any more.
pub(crate) async fn lock(connection: &mut Connection, source: &ResumedSource) -> Result<bool, DbError> {
    let rows: Vec<Waiting> = statement(
        "SELECT id, tenant_id, name FROM integrations \
         WHERE id = $1 AND tenant_id = $2 AND release_pending AND status = 'active' FOR UPDATE",
    )
    .bind::<SqlUuid, _>(source.id.0)
    .bind::<SqlUuid, _>(source.tenant_id.0)
    .load(connection)
    .await?;
    Ok(!rows.is_empty())
}

/// Says that nothing is held any more.
pub(crate) async fn done(connection: &mut Connection, source: &ResumedSource) -> Result<(), DbError> {
    statement("UPDATE integrations SET release_pending = false WHERE id = $1 AND tenant_id = $2")
        .bind::<SqlUuid, _>(source.id.0)
        .bind::<SqlUuid, _>(source.tenant_id.0)
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Released {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    delivery_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Nullable<Numeric>)]
    amount: Option<BigDecimal>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    counterparty: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    occurred_at: Option<DateTime>,
    #[diesel(sql_type = Json)]
    attributes: Value,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime,
}

/// Turns the oldest held records of a source into ingested ones and returns them in the order they came.
pub(crate) async fn release(
    connection: &mut Connection,
    source: &ResumedSource,
    limit: i64,
    now: DateTime,
) -> Result<Vec<(RecordSnapshot, DeliveryId)>, DbError> {
    let rows: Vec<Released> = statement(
        "WITH oldest AS ( \
             SELECT id FROM deliveries WHERE integration_id = $1 AND tenant_id = $2 AND outcome = 'held' \
             ORDER BY id LIMIT $3), \
         delivery AS ( \
             UPDATE deliveries SET outcome = 'accepted' FROM oldest WHERE deliveries.id = oldest.id \
             RETURNING deliveries.id, deliveries.record_id), \
         record AS ( \
             UPDATE records SET status = 'ingested', updated_at = $4, version = version + 1 FROM delivery \
             WHERE records.id = delivery.record_id AND records.tenant_id = $2 AND records.status = 'held' \
             RETURNING records.*) \
         SELECT id, delivery_id, external_id, source, title, text, amount, currency, counterparty, occurred_at, \
                attributes, received_at FROM record ORDER BY delivery_id",
    )
    .bind::<SqlUuid, _>(source.id.0)
    .bind::<SqlUuid, _>(source.tenant_id.0)
    .bind::<BigInt, _>(limit)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| snapshot(source.id, row)).collect())
}

fn snapshot(integration: IntegrationId, row: Released) -> (RecordSnapshot, DeliveryId) {
    let normalized = NormalizedRecord {
        title: row.title,
        text: row.text,
        amount: row.amount.map(Amount::from_stored),
        currency: row.currency,
        counterparty: row.counterparty,
        occurred_at: row.occurred_at,
        // Written by this service from the same type.
        attributes: serde_json::from_value(row.attributes).unwrap_or_default(),
    };
    let record = RecordSnapshot {
        record_id: RecordId(row.id),
        external_id: row.external_id,
        source: row.source,
        integration_id: Some(integration),
        received_at: row.received_at,
        normalized,
    };
    (record, DeliveryId(row.delivery_id))
}
