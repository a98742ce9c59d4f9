//! `GET /records`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::record::{RecordStatus, Stage};
use common::{DateTime, IntegrationId, RecordId};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::response::RecordResponse;
use crate::app::App;
use crate::domain::submission::is_storable;
use crate::store;
use crate::store::records::{RecordFilter, RecordKey};

/// Longest search text, in characters.
const MAX_SEARCH: usize = 200;

/// Which records, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRecords {
    status: Option<RecordStatus>,
    /// The label's name.
    label: Option<String>,
    stage: Option<Stage>,
    source: Option<String>,
    integration_id: Option<IntegrationId>,
    external_id: Option<String>,
    /// Received at this time or later.
    from: Option<DateTime>,
    /// Received before this time.
    to: Option<DateTime>,
    /// At least this confidence, 0 to 1.
    min_confidence: Option<f64>,
    /// At most this confidence, 0 to 1.
    max_confidence: Option<f64>,
    /// Words of title, text, counterparty and external id: `refund "late parcel" -spam or complaint`. A page that also
    /// has other filters may be short or empty and still have a next one: it looks at the newest 20,000 matches.
    q: Option<String>,
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists records, newest first.
#[utoipa::path(
    get, path = "/api/v1/records", tag = "records", operation_id = "list_records",
    params(ListRecords),
    responses(
        (status = 200, description = "A page of records.", body = Vec<RecordResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_records(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListRecords>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<RecordKey> = decode_cursor(query.cursor.as_deref())?;
    let before = before.filter(|(time, _)| is_storable(*time));
    let filter = read_filter(query)?;
    let found = app
        .db
        .tenant(caller.tenant(), async |connection| {
            store::records::list(connection, caller.tenant(), &filter, before, i64::from(limit) + 1).await
        })
        .await?;
    let mut page = Page::cut(found.rows, limit, |row| encode_cursor(&(row.received_at, RecordId(row.id))));
    page.next_cursor = page.next_cursor.or_else(|| found.resume_at.as_ref().map(encode_cursor));
    Ok(Reply::page(page.map(RecordResponse::from)))
}

impl ListRecords {
    /// Whether a page was asked for.
    pub(super) const fn is_paged(&self) -> bool {
        self.limit.is_some() || self.cursor.is_some()
    }
}

pub(super) fn read_filter(query: ListRecords) -> Result<RecordFilter, ApiError> {
    let refuse =
        |field: &str, what: &str| Err(ApiError::invalid_request(format!("{field} {what}.")).with("field", field));
    for (field, value) in [("minConfidence", query.min_confidence), ("maxConfidence", query.max_confidence)] {
        if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            return refuse(field, "must be a number from 0 to 1");
        }
    }
    for (field, value) in [("from", query.from), ("to", query.to)] {
        if value.is_some_and(|time| !is_storable(time)) {
            return refuse(field, "must be a time from year 1 to 9999");
        }
    }
    if query.q.as_ref().is_some_and(|q| q.chars().count() > MAX_SEARCH) {
        return refuse("q", "must be at most 200 characters");
    }
    Ok(RecordFilter {
        status: query.status,
        label: query.label,
        stage: query.stage,
        source: query.source,
        integration_id: query.integration_id,
        external_id: query.external_id,
        from: query.from,
        to: query.to,
        min_confidence: query.min_confidence,
        max_confidence: query.max_confidence,
        q: query.q.filter(|q| !q.trim().is_empty()),
    })
}
