//! Reading records.

use bigdecimal::BigDecimal;
use common::record::{RecordStatus, Stage};
use common::{DateTime, IntegrationId, RecordId, TenantId};
use db::{Connection, DbError};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::facets;
use super::schema::{deliveries, records};

/// A list's sort key, newest first.
pub(crate) type RecordKey = (DateTime, RecordId);

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordFilter {
    pub(crate) status: Option<RecordStatus>,
    pub(crate) label: Option<String>,
    pub(crate) stage: Option<Stage>,
    pub(crate) source: Option<String>,
    pub(crate) integration_id: Option<IntegrationId>,
    pub(crate) external_id: Option<String>,
    pub(crate) from: Option<DateTime>,
    pub(crate) to: Option<DateTime>,
    pub(crate) min_confidence: Option<f64>,
    pub(crate) max_confidence: Option<f64>,
    pub(crate) q: Option<String>,
}

impl RecordFilter {
    /// Whether only the facets' indexes serve it.
    const fn needs_facets(&self) -> bool {
        self.has_exact_facet() || self.has_confidence()
    }

    /// Whether it asks for a range of confidence.
    pub(crate) const fn has_confidence(&self) -> bool {
        self.min_confidence.is_some() || self.max_confidence.is_some()
    }

    const fn has_exact_facet(&self) -> bool {
        self.status.is_some()
            || self.label.is_some()
            || self.stage.is_some()
            || self.source.is_some()
            || self.integration_id.is_some()
    }

    /// Whether the facets or words serve it, rather than the records' own indexes.
    const fn goes_by_facets(&self) -> bool {
        self.external_id.is_none() && (self.needs_facets() || self.q.is_some())
    }

    /// Whether it asks for a range of confidence and for nothing else that has an index of its own.
    pub(crate) const fn is_confidence_alone(&self) -> bool {
        !self.has_exact_facet()
    }

    /// Whether a search for words has nothing else to pass.
    pub(crate) const fn is_words_alone(&self) -> bool {
        !self.needs_facets()
    }
}

/// A record as stored, less its raw form.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub(crate) struct RecordRow {
    pub(crate) id: Uuid,
    pub(crate) external_id: Option<String>,
    pub(crate) source: String,
    pub(crate) integration_id: Option<Uuid>,
    pub(crate) delivery_id: Option<Uuid>,
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    pub(crate) amount: Option<BigDecimal>,
    pub(crate) currency: Option<String>,
    pub(crate) counterparty: Option<String>,
    pub(crate) occurred_at: Option<DateTime>,
    pub(crate) attributes: Value,
    pub(crate) status: String,
    pub(crate) label: Option<String>,
    pub(crate) stage: String,
    pub(crate) confidence: Option<f64>,
    pub(crate) reasoning: Option<Value>,
    pub(crate) decision_id: Option<Uuid>,
    pub(crate) decision_sequence: Option<i32>,
    pub(crate) decided_by_human: bool,
    pub(crate) decided_at: Option<DateTime>,
    pub(crate) received_at: DateTime,
    pub(crate) updated_at: DateTime,
    pub(crate) version: i32,
    pub(crate) raw_expunged_at: Option<DateTime>,
}

/// Rows of a page, and where a search goes on whose window held fewer than a page of matches.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rows: Vec<RecordRow>,
    pub(crate) resume_at: Option<RecordKey>,
}

type Narrowed<'a> = records::BoxedQuery<'a, Pg>;

fn narrowed<'a>(tenant: TenantId, filter: &'a RecordFilter, before: Option<RecordKey>) -> Narrowed<'a> {
    let mut query = records::table.filter(records::tenant_id.eq(tenant.0)).into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(records::status.eq(status.as_str()));
    }
    if let Some(label) = &filter.label {
        query = query.filter(records::label.eq(label));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(records::stage.eq(stage.as_str()));
    }
    if let Some(source) = &filter.source {
        query = query.filter(records::source.eq(source));
    }
    if let Some(integration) = filter.integration_id {
        query = query.filter(records::integration_id.eq(integration.0));
    }
    if let Some(id) = &filter.external_id {
        // Said twice so that each half finds its partial index.
        let (submitted, delivered) = (records::integration_id.is_null(), records::integration_id.is_not_null());
        query = query.filter(records::external_id.eq(id).and(submitted).or(records::external_id.eq(id).and(delivered)));
    }
    if let Some(from) = filter.from {
        query = query.filter(records::received_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(records::received_at.lt(to));
    }
    if let Some(min) = filter.min_confidence {
        query = query.filter(records::confidence.ge(min));
    }
    if let Some(max) = filter.max_confidence {
        query = query.filter(records::confidence.le(max));
    }
    if let Some(q) = &filter.q {
        // Only beside an external id, which leaves a handful of rows.
        let words = diesel::dsl::sql::<diesel::sql_types::Bool>(
            "to_tsvector('simple', concat_ws(' ', title, text, counterparty, external_id)) \
             @@ websearch_to_tsquery('simple', ",
        );
        query = query.filter(words.bind::<diesel::sql_types::Text, _>(q).sql(")"));
    }
    if let Some((time, id)) = before {
        // The first condition alone bounds the index scan; a plain pair of alternatives would not.
        query =
            query.filter(records::received_at.le(time)).filter(records::received_at.lt(time).or(records::id.lt(id.0)));
    }
    query
}

/// Up to `limit` records, newest first, beginning below `before`.
///
/// Lists that the records' own indexes serve are read from them and show what was stored a moment ago; the others go
/// by the facets and words, which are some 100 ms behind.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<Found, DbError> {
    if !filter.goes_by_facets() {
        let rows = narrowed(tenant, filter, before)
            .select(RecordRow::as_select())
            .order((records::received_at.desc(), records::id.desc()))
            .limit(limit)
            .load(connection)
            .await?;
        return Ok(Found { rows, resume_at: None });
    }
    let found = find_keys(connection, tenant, filter, before, limit).await?;
    let ids: Vec<Uuid> = found.keys.iter().map(|(_, id)| id.0).collect();
    let rows = records::table
        .filter(records::tenant_id.eq(tenant.0))
        .filter(records::id.eq_any(ids))
        .select(RecordRow::as_select())
        .order((records::received_at.desc(), records::id.desc()))
        .load(connection)
        .await?;
    Ok(Found { rows, resume_at: found.resume_at })
}

async fn find_keys(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<facets::Keys, DbError> {
    match &filter.q {
        Some(q) => facets::search(connection, tenant, filter, q, before, limit).await,
        None => {
            let keys = facets::walks::list(connection, tenant, filter, before, limit).await?;
            Ok(facets::Keys { keys, resume_at: None })
        }
    }
}

/// One record.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: RecordId,
) -> Result<Option<RecordRow>, DbError> {
    let row = records::table
        .filter(records::tenant_id.eq(tenant.0))
        .filter(records::id.eq(id.0))
        .select(RecordRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row)
}

/// Those of the records that the tenant has, by id.
pub(crate) async fn find_many(
    connection: &mut Connection,
    tenant: TenantId,
    ids: &[Uuid],
) -> Result<Vec<RecordRow>, DbError> {
    let rows = records::table
        .filter(records::tenant_id.eq(tenant.0))
        .filter(records::id.eq_any(ids))
        .select(RecordRow::as_select())
        .order(records::id)
        .load(connection)
        .await?;
    Ok(rows)
}

/// Those of the ids that are records of the tenant.
pub(crate) async fn existing(
    connection: &mut Connection,
    tenant: TenantId,
    ids: &[Uuid],
) -> Result<Vec<Uuid>, DbError> {
    let found = records::table
        .filter(records::tenant_id.eq(tenant.0))
        .filter(records::id.eq_any(ids))
        .select(records::id)
        .order(records::id)
        .load(connection)
        .await?;
    Ok(found)
}

/// Up to `limit` keys of records that pass the filter, newest first, beginning below `before`.
pub(crate) async fn keys(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<facets::Keys, DbError> {
    if !filter.goes_by_facets() {
        let rows: Vec<(DateTime, Uuid)> = narrowed(tenant, filter, before)
            .select((records::received_at, records::id))
            .order((records::received_at.desc(), records::id.desc()))
            .limit(limit)
            .load(connection)
            .await?;
        let keys = rows.into_iter().map(|(time, id)| (time, RecordId(id))).collect();
        return Ok(facets::Keys { keys, resume_at: None });
    }
    find_keys(connection, tenant, filter, before, limit).await
}

/// A record's raw form: what the API caller sent, or the body of the delivery that brought it.
pub(crate) async fn find_raw(
    connection: &mut Connection,
    tenant: TenantId,
    record: &RecordRow,
) -> Result<Option<Vec<u8>>, DbError> {
    if record.raw_expunged_at.is_some() {
        return Ok(None);
    }
    let raw = match record.delivery_id {
        Some(delivery) => deliveries::table
            .filter(deliveries::tenant_id.eq(tenant.0))
            .filter(deliveries::id.eq(delivery))
            .select(deliveries::body.nullable())
            .first(connection)
            .await
            .optional()?,
        None => records::table
            .filter(records::tenant_id.eq(tenant.0))
            .filter(records::id.eq(record.id))
            .select(records::raw)
            .first(connection)
            .await
            .optional()?,
    };
    Ok(raw.flatten())
}
