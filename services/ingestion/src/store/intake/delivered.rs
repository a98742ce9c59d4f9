//! Webhooks that are believed: delivery, record and outbox row by one statement.

use std::collections::HashSet;

use common::record::NormalizedRecord;
use common::{DateTime, DeliveryId, IntegrationId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, Binary, Bool, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Delivered, Written, delivery_ids};

/// `outbox` is the bus's table; its rows are written here because one more statement for each group is what
/// `bus::Outbox::append` would cost.
const INSERT: &str = "\
WITH given AS MATERIALIZED ( \
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
    AS g (delivery_id, record_id, tenant_id, integration_id, held, dedupe_key, headers, body, received_at, \
          external_id, source, title, text, amount, currency, counterparty, occurred_at, attributes, event)), \
delivery AS ( \
    INSERT INTO deliveries (id, tenant_id, integration_id, outcome, dedupe_key, record_id, headers, body, received_at) \
    SELECT delivery_id, tenant_id, integration_id, CASE WHEN held THEN 'held' ELSE 'accepted' END, dedupe_key, \
           record_id, headers::json, body, received_at FROM given \
    ON CONFLICT (integration_id, dedupe_key) WHERE outcome IN ('accepted', 'held') DO NOTHING RETURNING id), \
record AS ( \
    INSERT INTO records (id, tenant_id, external_id, source, integration_id, delivery_id, title, text, amount, \
        currency, counterparty, occurred_at, attributes, status, received_at, updated_at) \
    SELECT record_id, tenant_id, external_id, source, integration_id, delivery_id, title, text, amount, currency, \
           counterparty, occurred_at, attributes::json, CASE WHEN held THEN 'held' ELSE 'ingested' END, received_at, \
           received_at FROM given JOIN delivery ON delivery.id = given.delivery_id), \
event AS ( \
    INSERT INTO outbox (tenant_id, routing_key, event) \
    SELECT tenant_id, 'INGESTED', event::json FROM given JOIN delivery ON delivery.id = given.delivery_id \
    WHERE NOT held ORDER BY delivery_id) \
SELECT id FROM delivery";

/// One array for each column.
#[derive(Default)]
struct Columns<'e> {
    delivery_id: Vec<Uuid>,
    record_id: Vec<Uuid>,
    tenant_id: Vec<Uuid>,
    integration_id: Vec<Uuid>,
    held: Vec<bool>,
    dedupe_key: Vec<&'e [u8]>,
    headers: Vec<&'e str>,
    body: Vec<&'e [u8]>,
    received_at: Vec<DateTime>,
    external_id: Vec<Option<&'e str>>,
    source: Vec<&'e str>,
    event: Vec<&'e str>,
    normalized: Normalized<'e>,
}

/// The arrays of a record's normalised fields.
#[derive(Default)]
pub(super) struct Normalized<'e> {
    pub(super) title: Vec<Option<&'e str>>,
    pub(super) text: Vec<&'e str>,
    pub(super) amount: Vec<Option<&'e bigdecimal::BigDecimal>>,
    pub(super) currency: Vec<Option<&'e str>>,
    pub(super) counterparty: Vec<Option<&'e str>>,
    pub(super) occurred_at: Vec<Option<DateTime>>,
    pub(super) attributes: Vec<&'e str>,
}

impl<'e> Normalized<'e> {
    pub(super) fn push(&mut self, record: &'e NormalizedRecord, attributes: &'e str) {
        self.title.push(record.title.as_deref());
        self.text.push(&record.text);
        self.amount.push(record.amount.as_ref().map(common::amount::Amount::as_decimal));
        self.currency.push(record.currency.as_deref());
        self.counterparty.push(record.counterparty.as_deref());
        self.occurred_at.push(record.occurred_at);
        self.attributes.push(attributes);
    }
}

impl<'e> Columns<'e> {
    fn of(webhooks: &[Delivered<'e>]) -> Self {
        let mut columns = Self::default();
        for Delivered { delivery, record, hold, .. } in webhooks {
            columns.delivery_id.push(delivery.id.0);
            columns.record_id.push(record.id.0);
            columns.tenant_id.push(delivery.tenant_id.0);
            columns.integration_id.push(delivery.integration_id.0);
            columns.held.push(*hold);
            columns.dedupe_key.push(&delivery.dedupe_key);
            columns.headers.push(&delivery.headers);
            columns.body.push(&delivery.body);
            columns.received_at.push(delivery.received_at);
            columns.external_id.push(record.external_id.as_deref());
            columns.source.push(&record.source);
            columns.event.push(&record.event);
            columns.normalized.push(&record.normalized, &record.attributes);
        }
        columns
    }
}

/// Writes the webhooks whose keys are new and returns their deliveries.
pub(super) async fn insert(
    connection: &mut Connection,
    webhooks: &[Delivered<'_>],
) -> Result<HashSet<DeliveryId>, DbError> {
    let columns = Columns::of(webhooks);
    let rows: Vec<Written> = statement(INSERT)
        .bind::<Array<SqlUuid>, _>(columns.delivery_id)
        .bind::<Array<SqlUuid>, _>(columns.record_id)
        .bind::<Array<SqlUuid>, _>(columns.tenant_id)
        .bind::<Array<SqlUuid>, _>(columns.integration_id)
        .bind::<Array<Bool>, _>(columns.held)
        .bind::<Array<Binary>, _>(columns.dedupe_key)
        .bind::<Array<Text>, _>(columns.headers)
        .bind::<Array<Binary>, _>(columns.body)
        .bind::<Array<Timestamptz>, _>(columns.received_at)
        .bind::<Array<Nullable<Text>>, _>(columns.external_id)
        .bind::<Array<Text>, _>(columns.source)
        .bind::<Array<Nullable<Text>>, _>(columns.normalized.title)
        .bind::<Array<Text>, _>(columns.normalized.text)
        .bind::<Array<Nullable<Numeric>>, _>(columns.normalized.amount)
        .bind::<Array<Nullable<Text>>, _>(columns.normalized.currency)
        .bind::<Array<Nullable<Text>>, _>(columns.normalized.counterparty)
        .bind::<Array<Nullable<Timestamptz>>, _>(columns.normalized.occurred_at)
        .bind::<Array<Text>, _>(columns.normalized.attributes)
        .bind::<Array<Text>, _>(columns.event)
        .load(connection)
        .await?;
    Ok(delivery_ids(rows))
}

/// Which of the sources that seemed paused are. The lock makes a resuming caller wait, so that its release finds
/// what is held now; a source resumed a moment ago is found active here, and nothing is held for it.
pub(super) async fn still_paused(
    connection: &mut Connection,
    webhooks: &[Delivered<'_>],
) -> Result<HashSet<IntegrationId>, DbError> {
    let mut ids: Vec<Uuid> =
        webhooks.iter().filter(|webhook| webhook.hold).map(|webhook| webhook.delivery.integration_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let tenants: Vec<Uuid> = webhooks.iter().map(|webhook| webhook.delivery.tenant_id.0).collect();
    let rows: Vec<Written> = statement(
        "SELECT id FROM integrations i WHERE id = ANY ($1) AND tenant_id = ANY ($2) AND deleted_at IS NULL \
         AND (status = 'paused' OR EXISTS (SELECT FROM entitlements e WHERE e.tenant_id = i.tenant_id \
              AND (e.access = 'read_only' OR e.records_hard <= coalesce((SELECT sum(q.records) FROM record_quota q \
                   WHERE q.tenant_id = e.tenant_id AND q.month = quota_month(now(), e.timezone)), 0)))) \
         ORDER BY id FOR SHARE",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(tenants)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| IntegrationId(row.id)).collect())
}
