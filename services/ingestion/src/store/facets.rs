//! What lists are narrowed and searched by: written in batches behind the records, read newest first.

pub(crate) mod walks;

use common::{DateTime, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::records::{RecordFilter, RecordKey};

/// Matches of a search that are narrowed at a time, and how many times one page does so.
const SEARCH_STEP: i32 = 1_000;
const SEARCH_STEPS: usize = 20;
/// Records that pass a filter and are searched one by one.
const FEW: i64 = 1_000;

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
    // Where few records pass the filter, their words are looked at, instead of the filter for all that have the words.
    let candidates = walks::list(connection, tenant, filter, Some(from), FEW + 1).await?;
    if i64::try_from(candidates.len()).is_ok_and(|count| count <= FEW) {
        let mut keys = among(connection, q, &candidates).await?;
        keys.truncate(wanted);
        return Ok(Keys { keys, resume_at: None });
    }
    let mut keys = Vec::with_capacity(wanted);
    for _ in 0..SEARCH_STEPS {
        let found = matches(connection, q, earliest(filter), from, SEARCH_STEP).await?;
        let is_last = found.len() < usize::try_from(SEARCH_STEP).unwrap_or_default();
        let Some(last) = found.last().copied() else { return Ok(Keys { keys, resume_at: None }) };
        keys.extend(walks::passing(connection, tenant, filter, &found).await?);
        if is_last || keys.len() >= wanted {
            keys.truncate(wanted);
            return Ok(Keys { keys, resume_at: None });
        }
        from = last;
    }
    Ok(Keys { keys, resume_at: Some(from) })
}

/// Those of the records that have the words, newest first.
async fn among(connection: &mut Connection, q: &str, keys: &[RecordKey]) -> Result<Vec<RecordKey>, DbError> {
    let ids: Vec<Uuid> = keys.iter().map(|(_, id)| id.0).collect();
    let rows: Vec<KeyRow> = statement("SELECT record_id, received_at FROM record_words_among($1, $2)")
        .bind::<Text, _>(q)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(RecordKey::from).collect())
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

fn earliest(filter: &RecordFilter) -> DateTime {
    filter.from.unwrap_or_else(|| DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or_default())
}

/// The end of time that PostgreSQL and chrono both know, when none is given.
fn latest(time: Option<DateTime>) -> DateTime {
    let end = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or_default();
    time.map_or(end, |time| time.min(end))
}
