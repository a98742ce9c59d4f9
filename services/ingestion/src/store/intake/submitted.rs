//! Records sent through the API: the record and its outbox row by one statement.

use std::collections::{HashMap, HashSet};

use common::record::RecordStatus;
use common::{DateTime, RecordId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::delivered::Normalized;
use super::{Submitted, Written};
use crate::domain::entry::Stored;

const INSERT: &str = "\
WITH given AS MATERIALIZED ( \
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
    AS g (id, tenant_id, external_id, source, raw, received_at, title, text, amount, currency, counterparty, \
          occurred_at, attributes, event)), \
record AS ( \
    INSERT INTO records (id, tenant_id, external_id, source, raw, title, text, amount, currency, counterparty, \
        occurred_at, attributes, status, received_at, updated_at) \
    SELECT id, tenant_id, external_id, source, raw, title, text, amount, currency, counterparty, occurred_at, \
           attributes::json, 'ingested', received_at, received_at FROM given \
    ON CONFLICT (tenant_id, external_id, source) WHERE integration_id IS NULL AND external_id IS NOT NULL \
    DO NOTHING RETURNING id), \
event AS ( \
    INSERT INTO outbox (tenant_id, routing_key, event) \
    SELECT tenant_id, 'INGESTED', event::json FROM given JOIN record ON record.id = given.id ORDER BY given.id) \
SELECT id FROM record";

/// Writes the records that are new and returns their ids.
pub(super) async fn insert(
    connection: &mut Connection,
    submitted: &[Submitted<'_>],
) -> Result<HashSet<RecordId>, DbError> {
    let records = || submitted.iter().map(|submitted| submitted.record);
    let mut normalized = Normalized::default();
    records().for_each(|record| normalized.push(&record.normalized, &record.attributes));
    let rows: Vec<Written> = statement(INSERT)
        .bind::<Array<SqlUuid>, _>(records().map(|record| record.id.0).collect::<Vec<Uuid>>())
        .bind::<Array<SqlUuid>, _>(records().map(|record| record.tenant_id.0).collect::<Vec<Uuid>>())
        .bind::<Array<Nullable<Text>>, _>(
            records().map(|record| record.external_id.as_deref()).collect::<Vec<Option<&str>>>(),
        )
        .bind::<Array<Text>, _>(records().map(|record| record.source.as_str()).collect::<Vec<&str>>())
        .bind::<Array<Nullable<Binary>>, _>(
            records().map(|record| record.raw.as_deref()).collect::<Vec<Option<&[u8]>>>(),
        )
        .bind::<Array<Timestamptz>, _>(records().map(|record| record.received_at).collect::<Vec<DateTime>>())
        .bind::<Array<Nullable<Text>>, _>(normalized.title)
        .bind::<Array<Text>, _>(normalized.text)
        .bind::<Array<Nullable<Numeric>>, _>(normalized.amount)
        .bind::<Array<Nullable<Text>>, _>(normalized.currency)
        .bind::<Array<Nullable<Text>>, _>(normalized.counterparty)
        .bind::<Array<Nullable<Timestamptz>>, _>(normalized.occurred_at)
        .bind::<Array<Text>, _>(normalized.attributes)
        .bind::<Array<Text>, _>(records().map(|record| record.event.as_str()).collect::<Vec<&str>>())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| RecordId(row.id)).collect())
}

#[derive(QueryableByName)]
struct First {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
}

/// Finds the records that were there before.
pub(super) async fn find_first(
    connection: &mut Connection,
    resubmitted: &[Submitted<'_>],
    outcomes: &mut [Option<Stored>],
) -> Result<(), DbError> {
    let records = || resubmitted.iter().map(|submitted| submitted.record);
    let rows: Vec<First> = statement(
        "SELECT g.place, first.id, first.status \
         FROM unnest($1, $2, $3) WITH ORDINALITY AS g (tenant_id, external_id, source, place) \
         JOIN records first ON first.tenant_id = g.tenant_id AND first.external_id = g.external_id \
             AND first.source = g.source AND first.integration_id IS NULL",
    )
    .bind::<Array<SqlUuid>, _>(records().map(|record| record.tenant_id.0).collect::<Vec<Uuid>>())
    .bind::<Array<Nullable<Text>>, _>(
        records().map(|record| record.external_id.as_deref()).collect::<Vec<Option<&str>>>(),
    )
    .bind::<Array<Text>, _>(records().map(|record| record.source.as_str()).collect::<Vec<&str>>())
    .load(connection)
    .await?;
    let firsts: HashMap<i64, First> = rows.into_iter().map(|row| (row.place, row)).collect();
    for (place, submitted) in (1..).zip(resubmitted) {
        if let Some(first) = firsts.get(&place) {
            outcomes[submitted.index] = Some(Stored {
                record_id: Some(RecordId(first.id)),
                status: RecordStatus::parse(&first.status).unwrap_or(RecordStatus::Ingested),
                duplicate: true,
            });
        }
    }
    Ok(())
}
