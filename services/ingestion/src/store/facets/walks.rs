//! Pages of keys by the facets' indexes: a few short walks in the list's own order, whatever the tenant's size.
//!
//! Every index has the status before the time: a filter that leaves the status open walks each status by itself, and
//! one of nothing but confidence walks each hundredth of it.

use common::TenantId;
use common::record::{RecordStatus, Stage};
use db::{Connection, DbError};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Double, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{KeyRow, earliest, latest};
use crate::store::records::{RecordFilter, RecordKey};

type Narrowed<'f> = BoxedSqlQuery<'f, Pg, SqlQuery>;

/// Up to `limit` keys that pass the filter, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<Vec<RecordKey>, DbError> {
    let time = latest(before.map(|(time, _)| time));
    let id = before.map_or_else(Uuid::max, |(_, id)| id.0);
    let query = sql_query("SELECT f.record_id, f.received_at FROM ")
        .into_boxed()
        .sql(if filter.is_confidence_alone() {
            "generate_series(floor($7::float8 * 100)::int, floor($8::float8 * 100)::int) AS o (step) CROSS JOIN \
             LATERAL (SELECT record_id, received_at FROM record_facets \
             WHERE tenant_id = $1 AND confidence_step = o.step::smallint"
        } else {
            "unnest($9) AS o (status) CROSS JOIN LATERAL (SELECT record_id, received_at FROM record_facets \
             WHERE tenant_id = $1 AND status = o.status"
        })
        .sql(
            " AND received_at >= $2 AND received_at < $3 \
             AND received_at <= $4 AND (received_at < $4 OR record_id < $5)",
        )
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Timestamptz, _>(earliest(filter))
        .bind::<Timestamptz, _>(latest(filter.to))
        .bind::<Timestamptz, _>(time)
        .bind::<SqlUuid, _>(id)
        .bind::<BigInt, _>(limit)
        .bind::<Double, _>(filter.min_confidence.unwrap_or(0.0))
        .bind::<Double, _>(filter.max_confidence.unwrap_or(1.0))
        .bind::<Array<Text>, _>(statuses(filter));
    let rows: Vec<KeyRow> = narrow(query, filter, 10)
        .sql(
            " ORDER BY received_at DESC, record_id DESC LIMIT $6) AS f \
             ORDER BY f.received_at DESC, f.record_id DESC LIMIT $6",
        )
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(RecordKey::from).collect())
}

/// Those of the keys that pass the filter, in their order.
pub(crate) async fn passing(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    keys: &[RecordKey],
) -> Result<Vec<RecordKey>, DbError> {
    let query = sql_query(
        "SELECT record_id, received_at FROM record_facets WHERE tenant_id = $1 AND record_id = ANY ($2) \
         AND received_at >= $3 AND received_at < $4 AND status = ANY ($7)",
    )
    .into_boxed()
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|(_, id)| id.0).collect::<Vec<Uuid>>())
    .bind::<Timestamptz, _>(earliest(filter))
    .bind::<Timestamptz, _>(latest(filter.to))
    .bind::<Double, _>(filter.min_confidence.unwrap_or(0.0))
    .bind::<Double, _>(filter.max_confidence.unwrap_or(1.0))
    .bind::<Array<Text>, _>(statuses(filter));
    let query = if filter.has_confidence() { query.sql(" AND confidence BETWEEN $5 AND $6") } else { query };
    let rows: Vec<KeyRow> =
        narrow_exactly(query, filter, 8).sql(" ORDER BY received_at DESC, record_id DESC").load(connection).await?;
    Ok(rows.into_iter().map(RecordKey::from).collect())
}

fn statuses(filter: &RecordFilter) -> Vec<&'static str> {
    match filter.status {
        Some(status) => vec![status.as_str()],
        None => RecordStatus::ALL.iter().map(|status| status.as_str()).collect(),
    }
}

/// Adds the other conditions; `next` is the number of the first parameter that they may take.
fn narrow<'f>(query: Narrowed<'f>, filter: &'f RecordFilter, next: usize) -> Narrowed<'f> {
    let query = if filter.has_confidence() { query.sql(" AND confidence BETWEEN $7 AND $8") } else { query };
    narrow_exactly(query, filter, next)
}

fn narrow_exactly<'f>(mut query: Narrowed<'f>, filter: &'f RecordFilter, mut next: usize) -> Narrowed<'f> {
    let texts = [("label", filter.label.as_deref()), ("stage", filter.stage.map(Stage::as_str))];
    for (column, wanted) in texts.into_iter().chain([("source", filter.source.as_deref())]) {
        if let Some(wanted) = wanted {
            query = query.sql(format!(" AND {column} = ${next}")).bind::<Text, _>(wanted);
            next += 1;
        }
    }
    match filter.integration_id {
        Some(id) => query.sql(format!(" AND integration_id = ${next}")).bind::<SqlUuid, _>(id.0),
        None => query,
    }
}
