//! `GET /tenants/current/invites`.

use actix_web::web::Data;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::InviteView;
use crate::app::App;
use crate::tenants::store::invites;

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

/// Lists the tenant's invites, in all states, newest first.
#[utoipa::path(
    get, path = "/api/v1/tenants/current/invites", tag = "tenants", params(ListQuery),
    responses(
        (status = 200, body = Vec<InviteView>, description = "Invites"),
        (status = 400, description = "`invalid_request`"),
    )
)]
pub(crate) async fn list_invites(app: Data<App>, caller: Caller, query: Query<ListQuery>) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let before: Option<Uuid> = decode_cursor(query.0.cursor.as_deref())?;
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let rows = app
        .db
        .tenant(tenant, async |connection| invites::list(connection, tenant, before, i64::from(limit) + 1).await)
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(|row| InviteView::new(row, now))))
}
