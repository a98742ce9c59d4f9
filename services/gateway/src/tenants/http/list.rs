//! `GET /tenants`.

use actix_web::web::Data;
use common::page::Page;
use common::{Principal, UserId};
use db::DbError;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::views::TenantEntry;
use crate::app::App;
use crate::gate::Confined;
use crate::tenants::store::{memberships, tenants};

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

/// Lists the caller's tenants, newest first; an API key has one, and so has a session that the
/// tenant's identity provider opened.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "tenants", params(ListQuery),
    responses(
        (status = 200, body = Vec<TenantEntry>, description = "The caller's tenants"),
        (status = 400, description = "`invalid_request`"),
    )
)]
pub(crate) async fn list_tenants(
    app: Data<App>,
    caller: Caller,
    confined: Confined,
    query: Query<ListQuery>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let before: Option<Uuid> = decode_cursor(query.0.cursor.as_deref())?;
    let tenant = caller.tenant();
    let page = match caller.identity.principal {
        Principal::User(user) if !confined.0 => {
            let user = UserId(user);
            let rows = app
                .db
                .system(async |connection| memberships::of_user(connection, user, before, i64::from(limit) + 1).await)
                .await?;
            Page::cut(rows, limit, |row| encode_cursor(&row.tenant)).map(TenantEntry::from)
        }
        Principal::User(_) | Principal::ApiKey(_) => {
            let row = app.db.tenant(tenant, async |connection| tenants::find(connection, tenant).await).await;
            let row: Option<_> = row.map_err(|error: DbError| error)?;
            let entry = row.map(|row| TenantEntry { id: tenant, name: row.name, role: caller.identity.role });
            Page { items: entry.into_iter().filter(|_| before.is_none()).collect(), next_cursor: None }
        }
    };
    Ok(Reply::page(page))
}
