//! Adding a batch's counts, in the transaction that logs the batch.

use common::DateTime;
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::Tally;

// Only for who holds the tenants' heads, so no two transactions add to the same rows at once.
const ADD: &str = "\
    WITH facts AS ( \
        INSERT INTO hourly_facts AS f (tenant_id, hour, measure, source, stage, label, n) \
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (tenant_id, hour, measure, source, stage, label) DO UPDATE SET n = f.n + excluded.n \
    ), latencies AS ( \
        INSERT INTO hourly_latencies AS l (tenant_id, hour, bucket, n) \
        SELECT * FROM unnest($8, $9, $10, $11) \
        ON CONFLICT (tenant_id, hour, bucket) DO UPDATE SET n = l.n + excluded.n \
    ) \
    INSERT INTO backlogs AS b (tenant_id, undecided, pending_reviews) \
    SELECT * FROM unnest($12, $13, $14) \
    ON CONFLICT (tenant_id) DO UPDATE SET \
        undecided = b.undecided + excluded.undecided, \
        pending_reviews = b.pending_reviews + excluded.pending_reviews";

/// Adds the counts.
///
/// # Errors
/// When the database fails.
pub(crate) async fn add(conn: &mut Connection, tally: &Tally<'_>) -> Result<(), DbError> {
    let facts = || tally.facts.keys();
    let latencies = || tally.latencies.keys();
    let backlogs = || tally.backlogs.iter();
    statement(ADD)
        .bind::<Array<SqlUuid>, _>(facts().map(|key| key.tenant_id.0).collect::<Vec<Uuid>>())
        .bind::<Array<Timestamptz>, _>(facts().map(|key| key.hour).collect::<Vec<DateTime>>())
        .bind::<Array<Text>, _>(facts().map(|key| key.measure.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(facts().map(|key| key.source.as_ref()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(facts().map(|key| key.stage).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(facts().map(|key| key.label.as_ref()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(tally.facts.values().copied().collect::<Vec<i64>>())
        .bind::<Array<SqlUuid>, _>(latencies().map(|(tenant, ..)| tenant.0).collect::<Vec<Uuid>>())
        .bind::<Array<Timestamptz>, _>(latencies().map(|(_, hour, _)| *hour).collect::<Vec<DateTime>>())
        .bind::<Array<SmallInt>, _>(latencies().map(|(.., bucket)| *bucket).collect::<Vec<i16>>())
        .bind::<Array<BigInt>, _>(tally.latencies.values().copied().collect::<Vec<i64>>())
        .bind::<Array<SqlUuid>, _>(backlogs().map(|(tenant, _)| tenant.0).collect::<Vec<Uuid>>())
        .bind::<Array<BigInt>, _>(backlogs().map(|(_, change)| change.undecided).collect::<Vec<i64>>())
        .bind::<Array<BigInt>, _>(backlogs().map(|(_, change)| change.pending_reviews).collect::<Vec<i64>>())
        .execute(conn)
        .await?;
    Ok(())
}
