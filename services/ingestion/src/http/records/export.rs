//! `GET /records/export`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use common::RecordId;
use common::amount::Amount;
use common::error_code::ErrorBody;
use futures_util::stream;
use serde::Deserialize;
use web::{ApiError, Caller};

use super::list::{ListRecords, read_filter};
use super::response::RecordResponse;
use crate::app::App;
use crate::domain::csv_cell::line as csv_line;
use crate::domain::import::ImportFormat;
use crate::http::download::{Download, attachment};
use crate::store;
use crate::store::records::{RecordKey, RecordRow};

/// Records of one read; each is a transaction of its own, so that none is long.
const PAGE: i64 = 500;
const COLUMNS: [&str; 17] = [
    "id",
    "externalId",
    "source",
    "integrationId",
    "status",
    "title",
    "text",
    "amount",
    "currency",
    "counterparty",
    "occurredAt",
    "attributes",
    "label",
    "stage",
    "confidence",
    "receivedAt",
    "updatedAt",
];

#[derive(Debug, Default, Deserialize)]
struct Form {
    #[serde(default)]
    format: Option<ImportFormat>,
}

/// Downloads records, newest first, under the same filters as the list. In CSV, a text that a spreadsheet would take
/// for a formula has an apostrophe before it.
#[utoipa::path(
    get, path = "/api/v1/records/export", tag = "records", operation_id = "export_records",
    params(
        ("format" = Option<ImportFormat>, Query, description = "`ndjson` when left out."),
        ListRecords,
    ),
    responses(
        (status = 200, description = "One line for each.", content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, description = "`invalid_request`; also for `limit` and `cursor`, which only the list has.", body = ErrorBody),
    )
)]
pub(crate) async fn export_records(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pairs = request.query_string().split('&').filter(|pair| !pair.is_empty());
    let (form, filter): (Vec<&str>, Vec<&str>) = pairs.partition(|pair| pair.starts_with("format="));
    let form: Form = ::web::parse_query(&form.join("&"))?;
    let filter: ListRecords = ::web::parse_query(&filter.join("&"))?;
    if filter.is_paged() {
        return Err(ApiError::invalid_request("An export is not paged; leave out limit and cursor."));
    }
    let (format, filter, tenant) = (form.format.unwrap_or(ImportFormat::Ndjson), read_filter(filter)?, caller.tenant());
    let head = (format == ImportFormat::Csv).then(|| csv_line(&COLUMNS));
    let begin = (app, filter, Some(None::<RecordKey>), head);
    let pages = stream::try_unfold(begin, move |(app, filter, before, head)| async move {
        let Some(before) = before else { return Ok(None) };
        let found = app
            .db
            .tenant(tenant, async |connection| store::records::list(connection, tenant, &filter, before, PAGE).await)
            .await?;
        let is_full = i64::try_from(found.rows.len()).is_ok_and(|count| count == PAGE);
        let last = found.rows.last().map(|row| (row.received_at, RecordId(row.id)));
        let next = if is_full { last } else { found.resume_at };
        let text: String = head.into_iter().chain(found.rows.into_iter().map(|row| written(row, format))).collect();
        Ok::<_, db::DbError>(Some((Bytes::from(text), (app, filter, next.map(Some), None))))
    });
    Ok(attachment(Download { name: "records", format }, pages))
}

fn written(row: RecordRow, format: ImportFormat) -> String {
    if format == ImportFormat::Ndjson {
        let mut line = serde_json::to_string(&RecordResponse::from(row)).expect("a response is plain JSON");
        line.push('\n');
        return line;
    }
    let text = |value: Option<String>| value.unwrap_or_default();
    csv_line(&[
        &row.id.to_string(),
        &text(row.external_id),
        &row.source,
        &text(row.integration_id.map(|id| id.to_string())),
        &row.status,
        &text(row.title),
        &row.text,
        &text(row.amount.map(|amount| Amount::from_stored(amount).to_string())),
        &text(row.currency),
        &text(row.counterparty),
        &text(row.occurred_at.map(|time| time.to_rfc3339())),
        &row.attributes.to_string(),
        &text(row.label),
        &row.stage,
        &text(row.confidence.map(|confidence| confidence.to_string())),
        &row.received_at.to_rfc3339(),
        &row.updated_at.to_rfc3339(),
    ])
}
