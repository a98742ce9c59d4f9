//! `GET /labels`

use actix_web::web::Data;
use common::LabelId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::LabelResponse;
use crate::app::App;
use crate::store::labels;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLabels {
    /// Labels on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the labels, newest first.
#[utoipa::path(
    get, path = "/api/v1/labels", tag = "labels", operation_id = "list_labels", params(ListLabels),
    responses(
        (status = 200, description = "A page of labels.", body = [LabelResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_labels(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListLabels>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<LabelId> = decode_cursor(query.cursor.as_deref())?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            let rows = labels::list(connection, caller.tenant(), before, i64::from(limit) + 1).await?;
            let page = Page::cut(rows, limit, |label| encode_cursor(&label.id));
            Ok(Reply::page(page.map(LabelResponse::from)))
        })
        .await
}
