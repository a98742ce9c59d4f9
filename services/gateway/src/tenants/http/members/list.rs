//! `GET /tenants/current/members`.

use actix_web::web::Data;
use common::DateTime;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::tenants::http::views::MemberView;
use crate::tenants::store::memberships;

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

/// Lists the tenant's members, newest first.
#[utoipa::path(
    get, path = "/api/v1/tenants/current/members", tag = "tenants", params(ListQuery),
    responses(
        (status = 200, body = Vec<MemberView>, description = "Members"),
        (status = 400, description = "`invalid_request`"),
    )
)]
pub(crate) async fn list_members(app: Data<App>, caller: Caller, query: Query<ListQuery>) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let before: Option<(DateTime, Uuid)> = decode_cursor(query.0.cursor.as_deref())?;
    let tenant = caller.tenant();
    let rows = app
        .db
        .tenant(tenant, async |connection| memberships::list(connection, tenant, before, i64::from(limit) + 1).await)
        .await?;
    let page = Page::cut(rows, limit, |member| encode_cursor(&(member.joined_at, member.user)));
    Ok(Reply::page(page.map(MemberView::from)))
}
