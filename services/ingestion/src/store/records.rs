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

use super::schema::{deliveries, records};

/// Records that one page of a search looks at; further pages go on where it ended.
const SEARCH_WINDOW: i64 = 20_000;

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
    if let Some((time, id)) = before {
        // The first condition alone bounds the index scan; a plain pair of alternatives would not.
        query =
            query.filter(records::received_at.le(time)).filter(records::received_at.lt(time).or(records::id.lt(id.0)));
    }
    query
}

/// Up to `limit` records, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
    limit: i64,
) -> Result<Found, DbError> {
    let mut query = narrowed(tenant, filter, before)
        .select(RecordRow::as_select())
        .order((records::received_at.desc(), records::id.desc()))
        .limit(limit);
    let mut window_end = None;
    if let Some(q) = &filter.q {
        window_end = end_of_window(connection, tenant, filter, before).await?;
        if let Some((time, id)) = window_end {
            query = query
                .filter(records::received_at.ge(time))
                .filter(records::received_at.gt(time).or(records::id.ge(id.0)));
        }
        let pattern = like_pattern(q);
        query = query.filter(records::text.ilike(pattern.clone()).or(records::title.ilike(pattern)));
    }
    let rows = query.load(connection).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    Ok(Found { rows, resume_at: if is_full { None } else { window_end } })
}

/// The last record that a search's page looks at; `None` when it looks at all that are left.
async fn end_of_window(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &RecordFilter,
    before: Option<RecordKey>,
) -> Result<Option<RecordKey>, DbError> {
    let last: Option<(DateTime, Uuid)> = narrowed(tenant, filter, before)
        .select((records::received_at, records::id))
        .order((records::received_at.desc(), records::id.desc()))
        .offset(SEARCH_WINDOW - 1)
        .first(connection)
        .await
        .optional()?;
    Ok(last.map(|(time, id)| (time, RecordId(id))))
}

/// `%text%` with the text's own wildcards made plain.
fn like_pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
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

/// A record's raw form: what the API caller sent, or the body of the delivery that brought it.
pub(crate) async fn find_raw(
    connection: &mut Connection,
    tenant: TenantId,
    record: &RecordRow,
) -> Result<Option<Vec<u8>>, DbError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_are_plain() {
        assert_eq!(like_pattern("50%_\\"), "%50\\%\\_\\\\%");
    }
}
