//! `GET /auth/sessions`.

use actix_web::web::Data;
use common::page::Page;
use common::{DateTime, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::domain::device;
use crate::auth::store::sessions;
use crate::gate::{Confined, Shown};

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

/// A place where the caller is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    id: SessionId,
    /// The tenant that it works in.
    tenant_id: TenantId,
    /// The client as it named itself.
    user_agent: Option<String>,
    /// The client in short, such as `Firefox on Windows`.
    device: String,
    /// When it began.
    created_at: DateTime,
    /// When it was used last, to some minutes.
    last_used_at: DateTime,
    /// When it ends unless it is used.
    expires_at: DateTime,
    /// Whether it is the one of this call.
    current: bool,
}

/// Lists the places where the caller is signed in, newest first. A session that the tenant's identity provider opened
/// sees only those that it opened.
#[utoipa::path(
    get, path = "/api/v1/auth/sessions", tag = "auth", params(ListQuery),
    responses(
        (status = 200, body = Vec<SessionView>, description = "Live sessions in all of the caller's tenants"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: an API key has no sessions"),
    )
)]
pub(crate) async fn list_sessions(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    confined: Confined,
    query: Query<ListQuery>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let before: Option<Uuid> = decode_cursor(query.0.cursor.as_deref())?;
    let (user, now) = (UserId(caller.identity.principal.id()), caller.cause.at);
    let confined_to = confined.0.then(|| caller.tenant());
    // A person's sessions lie in several tenants.
    let rows = app
        .db
        .system(async |connection| {
            sessions::list(connection, user, confined_to, now, (before, i64::from(limit) + 1)).await
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(|row| SessionView {
        current: shown.0 == Credential::Session(SessionId(row.id)),
        id: SessionId(row.id),
        tenant_id: TenantId(row.tenant_id),
        device: device::describe(row.user_agent.as_deref()),
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    })))
}
