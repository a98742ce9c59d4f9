//! `GET /value-lists`

use actix_web::web::Data;
use common::ValueListId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::ValueListResponse;
use crate::app::App;
use crate::store::value_lists;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListValueLists {
    /// Lists on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the value lists, newest first.
#[utoipa::path(
    get, path = "/api/v1/value-lists", tag = "rules", operation_id = "list_value_lists", params(ListValueLists),
    responses(
        (status = 200, description = "A page of value lists.", body = [ValueListResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_value_lists(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListValueLists>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<ValueListId> = decode_cursor(query.cursor.as_deref())?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            let rows = value_lists::list(connection, caller.tenant(), before, i64::from(limit) + 1).await?;
            let page = Page::cut(rows, limit, |list| encode_cursor(&list.id));
            Ok(Reply::page(page.map(ValueListResponse::from)))
        })
        .await
}
