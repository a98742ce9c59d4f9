//! What lists are narrowed and searched by: written in batches behind the records, read newest first.

use common::{DateTime, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::records::{RecordFilter, RecordKey};
use super::schema::record_facets;

/// Matches of a search that are narrowed at a time, and how many times one page does so.
const SEARCH_STEP: i32 = 1_000;
const SEARCH_STEPS: usize = 20;

/// Keys of a page, and where a search goes on that narrowed all it may for one page.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<RecordKey>,
    pub(crate) resume_at: Option<RecordKey>,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime,
}

impl From<KeyRow> for RecordKey {
    fn from(row: KeyRow) -> Self {
        (row.received_at, RecordId(row.record_id))
    }
}

/// Brings the facets of the records up to what the records say now, in the caller's transaction. An older state never
/// replaces a newer one, so that it does not matter who comes first.
pub(crate) async fn refresh(connection: &mut Connection, tenants: &[Uuid], records: &[Uuid]) -> Result<(), DbError> {
    statement(
        "INSERT INTO record_facets AS f (record_id, tenant_id, received_at, version, status, label, stage, \
             confidence, source, integration_id) \
         SELECT r.id, r.tenant_id, r.received_at, r.version, r.status, r.label, r.stage, r.confidence, r.source, \
             r.integration_id \
         FROM records r LEFT JOIN record_facets known ON known.record_id = r.id AND known.tenant_id = r.tenant_id \
         WHERE r.id = ANY ($2) AND r.tenant_id = ANY ($1) AND (known.version IS NULL OR known.version < r.version) \
         ORDER BY r.id \
         ON CONFLICT (record_id) DO UPDATE SET version = excluded.version, status = excluded.status, \
             label = excluded.label, stage = excluded.stage, confidence = excluded.confidence \
         WHERE f.version < excluded.version",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<SqlUuid>, _>(records)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes in the words of records, once for each.
pub(crate) async fn add_words(connection: &mut Connection, records: &[Uuid]) -> Result<(), DbError> {
    statement("SELECT record_words_add($1)").bind::<Array<SqlUuid>, _>(records).execute(connection).await?;
    Ok(())
}

type Narrowed<'a> = record_facets::BoxedQuery<'a, diesel::pg::Pg>;

fn narrowed<'a>(tenant: TenantId, filter: &'a RecordFilter, before: Option<RecordKey>) -> Narrowed<'a> {
    let mut query = record_facets::table.filter(record_facets::tenant_id.eq(tenant.0)).into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(record_facets::status.eq(status.as_str()));
    }
    if let Some(label) = &filter.label {
        query = query.filter(record_facets::label.eq(label));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(record_facets::stage.eq(stage.as_str()));
    }
    if let Some(source) = &filter.source {
        query = query.filter(record_facets::source.eq(source));
    }
    if let Some(integration) = filter.integration_id {
        query = query.filter(record_facets::integration_id.eq(integration.0));
    }
    if let Some(from) = filter.from {
        query = query.filter(record_facets::received_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(record_facets::received_at.lt(to));
    }
    if let Some(min) = filter.min_confidence {
        query = query.filter(record_facets::confidence.ge(min));
    }
    if let Some(max) = filter.max_confidence {
        query = query.filter(record_facets::confidence.le(max));
    }
    if let Some((time, id)) = before {
        // The first condition alone bounds the index scan; a plain pair of alternatives would not.
        query = query
            .filter(record_facets::received_at.le(time))
            .filter(record_facets::received_at.lt(time).or(record_facets::record_id.lt(id.0)));
    }
    query
}

/// Up to `limit` keys that pass the filter, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<Vec<RecordKey>, DbError> {
    if filter.is_confidence_alone() {
        return by_confidence(connection, tenant, filter, before, limit).await;
    }
    let rows: Vec<(DateTime, Uuid)> = narrowed(tenant, filter, before)
        .select((record_facets::received_at, record_facets::record_id))
        .order((record_facets::received_at.desc(), record_facets::record_id.desc()))
        .limit(limit)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(time, id)| (time, RecordId(id))).collect())
}

/// A range of confidence, walked in the list's order for each hundredth of it.
async fn by_confidence(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<Vec<RecordKey>, DbError> {
    let (min, max) = (filter.min_confidence.unwrap_or(0.0), filter.max_confidence.unwrap_or(1.0));
    let (time, id) = before.unwrap_or((DateTime::MAX_UTC, RecordId(Uuid::max())));
    let rows: Vec<KeyRow> = statement(
        "SELECT f.record_id, f.received_at FROM generate_series(floor($2 * 100)::int, floor($3 * 100)::int) AS s (step) \
         CROSS JOIN LATERAL (SELECT record_id, received_at FROM record_facets \
             WHERE tenant_id = $1 AND confidence_step = s.step::smallint AND confidence >= $2 AND confidence <= $3 \
               AND received_at >= $4 AND received_at < $5 \
               AND received_at <= $6 AND (received_at < $6 OR record_id < $7) \
             ORDER BY received_at DESC, record_id DESC LIMIT $8) AS f \
         ORDER BY f.received_at DESC, f.record_id DESC LIMIT $8",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Double, _>(min)
    .bind::<Double, _>(max)
    .bind::<Timestamptz, _>(earliest(filter))
    .bind::<Timestamptz, _>(latest(filter.to))
    .bind::<Timestamptz, _>(latest(Some(time)))
    .bind::<SqlUuid, _>(id.0)
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(RecordKey::from).collect())
}

/// Up to `limit` keys of records that have the words of `q` and pass the filter, newest first.
pub(crate) async fn search(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    q: &str,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<Keys, DbError> {
    let top = (latest(filter.to), RecordId(Uuid::nil()));
    let mut from = before.filter(|key| *key < top).unwrap_or(top);
    let wanted = usize::try_from(limit).unwrap_or_default();
    if filter.is_words_alone() {
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        return Ok(Keys { keys: matches(connection, q, earliest(filter), from, most).await?, resume_at: None });
    }
    let mut keys = Vec::with_capacity(wanted);
    for _ in 0..SEARCH_STEPS {
        let found = matches(connection, q, earliest(filter), from, SEARCH_STEP).await?;
        let is_last = found.len() < usize::try_from(SEARCH_STEP).unwrap_or_default();
        let Some(last) = found.last().copied() else { return Ok(Keys { keys, resume_at: None }) };
        keys.extend(passing(connection, tenant, filter, &found).await?);
        if is_last || keys.len() >= wanted {
            keys.truncate(wanted);
            return Ok(Keys { keys, resume_at: None });
        }
        from = last;
    }
    Ok(Keys { keys, resume_at: Some(from) })
}

async fn matches(
    connection: &mut Connection,
    q: &str,
    since: DateTime,
    (time, id): RecordKey,
    most: i32,
) -> Result<Vec<RecordKey>, DbError> {
    let rows: Vec<KeyRow> = statement("SELECT record_id, received_at FROM record_words_find($1, $2, $3, $4, $5)")
        .bind::<Text, _>(q)
        .bind::<Timestamptz, _>(since)
        .bind::<Timestamptz, _>(time)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Integer, _>(most)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(RecordKey::from).collect())
}

/// Those of the keys that pass the filter, in their order.
async fn passing(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    keys: &[RecordKey],
) -> Result<Vec<RecordKey>, DbError> {
    let ids: Vec<Uuid> = keys.iter().map(|(_, id)| id.0).collect();
    let rows: Vec<(DateTime, Uuid)> = narrowed(tenant, filter, None)
        .filter(record_facets::record_id.eq_any(ids))
        .select((record_facets::received_at, record_facets::record_id))
        .order((record_facets::received_at.desc(), record_facets::record_id.desc()))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(time, id)| (time, RecordId(id))).collect())
}

fn earliest(filter: &RecordFilter) -> DateTime {
    filter.from.unwrap_or_else(|| DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or_default())
}

/// The end of time that PostgreSQL and chrono both know, when none is given.
fn latest(time: Option<DateTime>) -> DateTime {
    let end = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or_default();
    time.map_or(end, |time| time.min(end))
}
