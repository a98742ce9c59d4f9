//! `GET /records/imports/{id}/rejected`

use actix_web::HttpResponse;
use actix_web::web::Data;
use bytes::Bytes;
use common::ImportId;
use common::error_code::ErrorBody;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use web::{ApiError, Caller, Path, Query};

use crate::app::App;
use crate::domain::csv_cell::line as csv_line;
use crate::domain::import::{ImportFormat, Rejection};
use crate::http::download::{Download, attachment};
use crate::store;

const PAGE: i64 = 1_000;

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DownloadRejected {
    /// `ndjson` when left out.
    format: Option<ImportFormat>,
}

/// Downloads what an import has rejected so far: line, code of the error table, message.
#[utoipa::path(
    get, path = "/api/v1/records/imports/{id}/rejected", tag = "records", operation_id = "download_rejected",
    params(("id" = ImportId, Path, description = "The import."), DownloadRejected),
    responses(
        (status = 200, description = "One line for each.", content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn download_rejected(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<ImportId>,
    Query(query): Query<DownloadRejected>,
) -> Result<HttpResponse, ApiError> {
    let format = query.format.unwrap_or(ImportFormat::Ndjson);
    let tenant = caller.tenant();
    let found = app.db.tenant(tenant, async |connection| store::imports::find(connection, tenant, id).await).await?;
    found.ok_or_else(|| ApiError::not_found("import"))?;
    let pages = stream::try_unfold((app, Some(0)), move |(app, behind)| async move {
        let Some(behind) = behind else { return Ok(None) };
        let rows = app
            .db
            .tenant(tenant, async |connection| store::imports::rejections(connection, (tenant, id), behind, PAGE).await)
            .await?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        let next = rows.last().map(|last| last.line).filter(|_| more);
        let head = (format == ImportFormat::Csv && behind == 0).then(|| csv_line(&["line", "code", "message"]));
        let text: String = head.into_iter().chain(rows.iter().map(|row| written(row, format))).collect();
        Ok::<_, db::DbError>(Some((Bytes::from(text), (app, next))))
    });
    Ok(attachment(Download { name: "rejected", format }, pages))
}

fn written(row: &Rejection, format: ImportFormat) -> String {
    match format {
        ImportFormat::Csv => csv_line(&[&row.line.to_string(), &row.code, &row.message]),
        ImportFormat::Ndjson => {
            format!("{}\n", json!({"line": row.line, "code": row.code, "message": row.message}))
        }
    }
}
