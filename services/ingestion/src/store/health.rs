//! What a source's health is judged by, and the alarm that is on for it.

use std::collections::HashMap;

use chrono::TimeDelta;
use common::{DateTime, IntegrationId, TenantId};
use db::{Connection, DbError, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::deliveries::{SLACK, id_at};
use super::schema::deliveries;
use crate::domain::delivery::DeliveryOutcome;
use crate::domain::health::{Alarm, LOOKED_AT, Observed, Receipts, Seen};

const REJECTED: &str = DeliveryOutcome::Rejected.as_str();

/// A source under watch, with what it is judged by.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) id: IntegrationId,
    pub(crate) tenant_id: TenantId,
    pub(crate) name: String,
    pub(crate) alarm: Option<Alarm>,
    pub(crate) observed: Observed,
}

#[derive(QueryableByName)]
struct WatchedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    health_alarm: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    received_at: Option<DateTime>,
}

#[derive(QueryableByName)]
struct BelievedRow {
    #[diesel(sql_type = SqlUuid)]
    integration_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime,
}

/// Up to `limit` sources of all tenants, beginning behind `after`. Needs the system's scope.
pub(crate) async fn watched(
    connection: &mut Connection,
    after: Option<IntegrationId>,
    limit: i64,
) -> Result<Vec<Watched>, DbError> {
    let rows: Vec<WatchedRow> = statement(
        "SELECT i.id, i.tenant_id, i.name, i.health_alarm, d.outcome, d.reason, d.received_at \
         FROM (SELECT * FROM integrations WHERE deleted_at IS NULL AND id > $1 ORDER BY id LIMIT $2) i \
         LEFT JOIN LATERAL (SELECT id, outcome, reason, received_at FROM deliveries \
             WHERE integration_id = i.id AND tenant_id = i.tenant_id ORDER BY id DESC LIMIT $3) d ON true \
         ORDER BY i.id, d.id DESC",
    )
    .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), |after| after.0))
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(looked_at())
    .load(connection)
    .await?;
    let mut found: Vec<(Watched, Vec<Seen>)> = Vec::new();
    for row in rows {
        let (outcome, reason) = (row.outcome, row.reason);
        let seen = outcome.zip(row.received_at).map(|(outcome, at)| Seen::new(at, &outcome, reason.as_deref()));
        match found.last_mut().filter(|(last, _)| last.id.0 == row.id) {
            Some((_, all)) => all.extend(seen),
            None => {
                let watched = Watched {
                    id: IntegrationId(row.id),
                    tenant_id: TenantId(row.tenant_id),
                    name: row.name,
                    alarm: row.health_alarm.as_deref().and_then(Alarm::parse),
                    observed: Observed::default(),
                };
                found.push((watched, seen.into_iter().collect()));
            }
        }
    }
    let (tenants, ids): (Vec<Uuid>, Vec<Uuid>) = found.iter().map(|(one, _)| (one.tenant_id.0, one.id.0)).unzip();
    let mut believed = believed(connection, &tenants, &ids).await?;
    let mut pulls = super::pull_health::seen(connection, &tenants, &ids).await?;
    let observe = |(mut watched, seen): (Watched, Vec<Seen>)| {
        let receipts = Receipts::new(seen, believed.remove(&watched.id.0).unwrap_or_default());
        watched.observed = Observed { receipts, pull: pulls.remove(&watched.id) };
        watched
    };
    Ok(found.into_iter().map(observe).collect())
}

/// When the last deliveries came that made a record, newest first for each source. The lists' index has them in this
/// order and no forgeries between, so that a flood of those hides none.
async fn believed(
    connection: &mut Connection,
    tenants: &[Uuid],
    integrations: &[Uuid],
) -> Result<HashMap<Uuid, Vec<DateTime>>, DbError> {
    let rows: Vec<BelievedRow> = statement(
        "SELECT i.integration_id, f.received_at FROM unnest($1, $2) AS i (tenant_id, integration_id) \
         JOIN LATERAL (SELECT received_at FROM record_facets WHERE tenant_id = i.tenant_id \
             AND integration_id = i.integration_id ORDER BY received_at DESC, record_id DESC LIMIT $3) f ON true",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<SqlUuid>, _>(integrations)
    .bind::<BigInt, _>(looked_at())
    .load(connection)
    .await?;
    let mut believed: HashMap<Uuid, Vec<DateTime>> = HashMap::new();
    for row in rows {
        believed.entry(row.integration_id).or_default().push(row.received_at);
    }
    Ok(believed)
}

/// Changes a source's alarm; `false` when another replica did so meanwhile.
pub(crate) async fn change_alarm(
    connection: &mut Connection,
    source: &Watched,
    alarm: Option<Alarm>,
) -> Result<bool, DbError> {
    let changed = statement(
        "UPDATE integrations SET health_alarm = $1 \
         WHERE id = $2 AND tenant_id = $3 AND deleted_at IS NULL AND health_alarm IS NOT DISTINCT FROM $4",
    )
    .bind::<Nullable<Text>, _>(alarm.map(Alarm::as_str))
    .bind::<SqlUuid, _>(source.id.0)
    .bind::<SqlUuid, _>(source.tenant_id.0)
    .bind::<Nullable<Text>, _>(source.alarm.map(Alarm::as_str))
    .execute(connection)
    .await?;
    Ok(changed == 1)
}

#[derive(QueryableByName)]
struct AlarmRow {
    #[diesel(sql_type = Nullable<Text>)]
    health_alarm: Option<String>,
}

/// The alarm that is on for a source; nothing when there is no such source.
pub(crate) async fn alarm(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Option<Option<Alarm>>, DbError> {
    let rows: Vec<AlarmRow> =
        statement("SELECT health_alarm FROM integrations WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL")
            .bind::<SqlUuid, _>(integration.0)
            .bind::<SqlUuid, _>(tenant.0)
            .load(connection)
            .await?;
    Ok(rows.into_iter().next().map(|row| row.health_alarm.as_deref().and_then(Alarm::parse)))
}

/// What one source is judged by.
pub(crate) async fn observed(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Observed, DbError> {
    let rows: Vec<(String, Option<String>, DateTime)> = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .order(deliveries::id.desc())
        .limit(looked_at())
        .select((deliveries::outcome, deliveries::reason, deliveries::received_at))
        .load(connection)
        .await?;
    let seen = rows.iter().map(|(outcome, reason, at)| Seen::new(*at, outcome, reason.as_deref())).collect();
    let mut believed = believed(connection, &[tenant.0], &[integration.0]).await?;
    let mut pulls = super::pull_health::seen(connection, &[tenant.0], &[integration.0]).await?;
    let receipts = Receipts::new(seen, believed.remove(&integration.0).unwrap_or_default());
    Ok(Observed { receipts, pull: pulls.remove(&integration) })
}

/// A rejected receipt.
#[derive(Debug, Queryable)]
pub(crate) struct LastError {
    pub(crate) delivery_id: Uuid,
    pub(crate) reason: Option<String>,
    pub(crate) at: DateTime,
}

/// The last receipt that was rejected.
pub(crate) async fn last_error(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Option<LastError>, DbError> {
    let row = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::outcome.eq(REJECTED))
        .order(deliveries::id.desc())
        .select((deliveries::id, deliveries::reason, deliveries::received_at))
        .first(connection)
        .await
        .optional()?;
    Ok(row)
}

/// When a receipt last made a record.
pub(crate) async fn last_accepted(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Option<DateTime>, DbError> {
    let made = [DeliveryOutcome::Accepted.as_str(), DeliveryOutcome::Held.as_str()];
    let at = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::outcome.eq_any(made))
        .order(deliveries::id.desc())
        .select(deliveries::received_at)
        .first(connection)
        .await
        .optional()?;
    Ok(at)
}

#[derive(QueryableByName)]
struct CountsRow {
    #[diesel(sql_type = BigInt)]
    accepted: i64,
    #[diesel(sql_type = BigInt)]
    duplicate: i64,
    #[diesel(sql_type = BigInt)]
    rejected: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
}

/// Receipts by outcome, and records that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) accepted: i64,
    pub(crate) duplicate: i64,
    pub(crate) rejected: i64,
    pub(crate) failed: i64,
}

/// The counts of the last 24 hours. Held receipts count as accepted.
pub(crate) async fn last_day(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    now: DateTime,
) -> Result<Counts, DbError> {
    let since = now - TimeDelta::days(1);
    let row: CountsRow = statement(
        "SELECT count(*) FILTER (WHERE outcome IN ('accepted', 'held')) AS accepted, \
                count(*) FILTER (WHERE outcome = 'duplicate') AS duplicate, \
                count(*) FILTER (WHERE outcome = 'rejected') AS rejected, \
                (SELECT count(*) FROM records WHERE tenant_id = $1 AND received_at >= $4 AND integration_id = $2 \
                    AND status = 'failed') AS failed \
         FROM deliveries WHERE tenant_id = $1 AND integration_id = $2 AND id >= $3 AND received_at >= $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<SqlUuid, _>(id_at(since - SLACK))
    .bind::<Timestamptz, _>(since)
    .get_result(connection)
    .await?;
    let CountsRow { accepted, duplicate, rejected, failed } = row;
    Ok(Counts { accepted, duplicate, rejected, failed })
}

fn looked_at() -> i64 {
    i64::try_from(LOOKED_AT).unwrap_or(i64::MAX)
}
