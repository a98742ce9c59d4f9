//! `GET /records/imports`

use actix_web::web::Data;
use common::ImportId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::ImportResponse;
use crate::app::App;
use crate::store;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListImports {
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists imports, newest first.
#[utoipa::path(
    get, path = "/api/v1/records/imports", tag = "records", operation_id = "list_imports",
    params(ListImports),
    responses(
        (status = 200, description = "A page of imports.", body = Vec<ImportResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_imports(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListImports>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<ImportId> = decode_cursor(query.cursor.as_deref())?;
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            store::imports::list(connection, caller.tenant(), before, i64::from(limit) + 1).await
        })
        .await?;
    let page = Page::cut(rows, limit, |import| encode_cursor(&import.id));
    Ok(Reply::page(page.map(ImportResponse::from)))
}
