//! `GET /auth/api-keys`.

use actix_web::web::Data;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::auth::http::views::ApiKeyView;
use crate::auth::store::api_keys;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Rows on a page, at most 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the tenant's API keys that are not revoked, newest first.
#[utoipa::path(
    get, path = "/api/v1/auth/api-keys", tag = "auth", params(ListQuery),
    responses(
        (status = 200, body = Vec<ApiKeyView>, description = "Keys, without the keys themselves"),
        (status = 400, description = "`invalid_request`"),
    )
)]
pub(crate) async fn list_api_keys(app: Data<App>, caller: Caller, query: Query<ListQuery>) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let before: Option<Uuid> = decode_cursor(query.0.cursor.as_deref())?;
    let tenant = caller.tenant();
    let rows = app
        .db
        .tenant(tenant, async |connection| api_keys::list(connection, tenant, before, i64::from(limit) + 1).await)
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(ApiKeyView::from)))
}
