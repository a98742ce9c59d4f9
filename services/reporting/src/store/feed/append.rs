//! Writes to the feed.

use std::collections::HashSet;

use common::{DateTime, EventId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::Batch;

/// The constraint that keeps an event from being logged twice.
pub(crate) const EVENT_ID_KEY: &str = "events_id_key";

// Heads are locked in the order of their tenants, so writers of several tenants cannot deadlock. Everything else
// joins `moved` and is therefore only touched by who holds the tenant's head.
const APPEND: &str = "\
    WITH heads AS MATERIALIZED ( \
        SELECT tenant_id FROM feed_heads WHERE tenant_id = ANY ($1) ORDER BY tenant_id FOR UPDATE \
    ), moved AS ( \
        UPDATE feed_heads AS f SET position = f.position + b.n \
        FROM heads JOIN unnest($1, $2) AS b (tenant_id, n) USING (tenant_id) \
        WHERE f.tenant_id = heads.tenant_id \
        RETURNING f.tenant_id, f.position - b.n AS base \
    ), hours AS ( \
        INSERT INTO feed_hours AS h (tenant_id, hour, first_position, last_position) \
        SELECT m.tenant_id, e.hour, m.base + e.first, m.base + e.last \
        FROM unnest($3, $4, $5, $6) AS e (tenant_id, hour, first, last) JOIN moved AS m USING (tenant_id) \
        ON CONFLICT (tenant_id, hour) DO UPDATE SET \
            first_position = least(h.first_position, excluded.first_position), \
            last_position = greatest(h.last_position, excluded.last_position) \
    ) \
    INSERT INTO events (tenant_id, position, id, type, source_agent, actor, subject_type, subject_id, \
        occurred_at, trace_id, schema_version, data) \
    SELECT m.tenant_id, m.base + e.number, e.id, e.type, e.source_agent, e.actor::json, e.subject_type, \
        e.subject_id, e.occurred_at, e.trace_id, e.schema_version, e.data::json \
    FROM unnest($7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AS e (tenant_id, number, id, type, \
        source_agent, actor, subject_type, subject_id, occurred_at, trace_id, schema_version, data) \
    JOIN moved AS m USING (tenant_id)";

/// Gives the batch its positions, writes it, and returns how many events were written: fewer than the batch has
/// when a tenant has no head yet, and then the transaction must be rolled back.
///
/// # Errors
/// A unique violation of [`EVENT_ID_KEY`] when an event was logged before; or when the database fails.
pub(crate) async fn append(conn: &mut Connection, batch: &Batch<'_>) -> Result<usize, DbError> {
    let (tenants, sizes): (Vec<Uuid>, Vec<i64>) = batch.sizes().iter().map(|(tenant, n)| (tenant.0, *n)).unzip();
    let mut hours = Hours::default();
    for ((tenant_id, hour), (first, last)) in batch.hours() {
        hours.push(*tenant_id, *hour, *first, *last);
    }
    let entries = batch.entries();
    let events = || entries.iter().map(|entry| entry.event);
    let actors: Vec<String> =
        events().map(|event| serde_json::to_string(&event.actor).expect("an actor is plain JSON")).collect();
    Ok(statement(APPEND)
        .bind::<Array<SqlUuid>, _>(tenants)
        .bind::<Array<BigInt>, _>(sizes)
        .bind::<Array<SqlUuid>, _>(hours.tenants)
        .bind::<Array<Timestamptz>, _>(hours.hours)
        .bind::<Array<BigInt>, _>(hours.firsts)
        .bind::<Array<BigInt>, _>(hours.lasts)
        .bind::<Array<SqlUuid>, _>(events().map(|event| event.tenant_id.0).collect::<Vec<Uuid>>())
        .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.number).collect::<Vec<i64>>())
        .bind::<Array<SqlUuid>, _>(events().map(|event| event.id.0).collect::<Vec<Uuid>>())
        .bind::<Array<Text>, _>(events().map(|event| event.kind.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(events().map(|event| event.source_agent.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(actors)
        .bind::<Array<Text>, _>(events().map(|event| event.subject.kind.as_ref()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(events().map(|event| event.subject.id.as_str()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(events().map(|event| event.occurred_at).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(events().map(|event| event.trace_id.as_str()).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(events().map(|event| i32::from(event.schema_version)).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(events().map(|event| event.data.get()).collect::<Vec<_>>())
        .execute(conn)
        .await?)
}

#[derive(Default)]
struct Hours {
    tenants: Vec<Uuid>,
    hours: Vec<DateTime>,
    firsts: Vec<i64>,
    lasts: Vec<i64>,
}

impl Hours {
    fn push(&mut self, tenant_id: TenantId, hour: DateTime, first: i64, last: i64) {
        self.tenants.push(tenant_id.0);
        self.hours.push(hour);
        self.firsts.push(first);
        self.lasts.push(last);
    }
}

/// Makes heads for tenants that have none. In a transaction of its own: inside a batch's, two writers that each
/// hold one head and make the other's would deadlock.
///
/// # Errors
/// When the database fails.
pub(crate) async fn create_heads(conn: &mut Connection, tenants: &[TenantId]) -> Result<(), DbError> {
    let tenants: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    statement("INSERT INTO feed_heads (tenant_id) SELECT unnest($1) ON CONFLICT DO NOTHING")
        .bind::<Array<SqlUuid>, _>(tenants)
        .execute(conn)
        .await?;
    Ok(())
}

/// Holds the tenants' heads until the transaction ends.
///
/// # Errors
/// When the database fails.
pub(crate) async fn lock_heads(conn: &mut Connection, tenants: &[TenantId]) -> Result<(), DbError> {
    let tenants: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    statement("SELECT FROM feed_heads WHERE tenant_id = ANY ($1) ORDER BY tenant_id FOR UPDATE")
        .bind::<Array<SqlUuid>, _>(tenants)
        .execute(conn)
        .await?;
    Ok(())
}

/// Those of the batch's events that are in the log.
///
/// # Errors
/// When the database fails.
pub(crate) async fn logged(conn: &mut Connection, batch: &Batch<'_>) -> Result<HashSet<EventId>, DbError> {
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let ids: Vec<Uuid> = batch.events().map(|event| event.id.0).collect();
    let tenants: Vec<Uuid> = batch.tenants().into_iter().map(Into::into).collect();
    let known: Vec<Known> = statement("SELECT id FROM events WHERE id = ANY ($1) AND tenant_id = ANY ($2)")
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<SqlUuid>, _>(tenants)
        .load(conn)
        .await?;
    Ok(known.into_iter().map(|row| EventId(row.id)).collect())
}
