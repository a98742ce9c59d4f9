//! `GET /records/imports`

use actix_web::web::Data;
use common::ImportId;
use common::error_code::ErrorBody;
use common::page::Page;
use web::{ApiError, Caller, Query, Reply, encode_cursor};

use super::ImportResponse;
use crate::app::App;
use crate::http::paging::Paging;
use crate::store;

/// Lists imports, newest first.
#[utoipa::path(
    get, path = "/api/v1/records/imports", tag = "records", operation_id = "list_imports",
    params(Paging),
    responses(
        (status = 200, description = "A page of imports.", body = Vec<ImportResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_imports(
    app: Data<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Reply, ApiError> {
    let (limit, before): (u32, Option<ImportId>) = paging.read()?;
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            store::imports::list(connection, caller.tenant(), before, i64::from(limit) + 1).await
        })
        .await?;
    let page = Page::cut(rows, limit, |import| encode_cursor(&import.id));
    Ok(Reply::page(page.map(ImportResponse::from)))
}
