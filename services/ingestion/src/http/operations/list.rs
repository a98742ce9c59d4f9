//! `GET /operations`

use actix_web::web::Data;
use common::OperationId;
use common::error_code::ErrorBody;
use common::page::Page;
use web::{ApiError, Caller, Query, Reply, encode_cursor};

use super::OperationResponse;
use crate::app::App;
use crate::http::paging::Paging;
use crate::store;

/// Lists operations, newest first.
#[utoipa::path(
    get, path = "/api/v1/operations", tag = "operations", operation_id = "list_operations",
    params(Paging),
    responses(
        (status = 200, description = "A page of operations.", body = Vec<OperationResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_operations(
    app: Data<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Reply, ApiError> {
    let (limit, before): (u32, Option<OperationId>) = paging.read()?;
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            store::operations::list(connection, caller.tenant(), before, i64::from(limit) + 1).await
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(OperationResponse::from)))
}
