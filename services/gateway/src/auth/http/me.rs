//! `GET /auth/me`.

use actix_web::web::Data;
use common::{Permission, Role};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Reply};

use super::views::{ApiKeyView, UserView};
use crate::app::App;
use crate::auth::usecases::show_me::{Who, show_me as look_up};
use crate::tenants::http::views::TenantView;

/// Who the caller is, where, and what they may do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeResponse {
    /// The person; null for an API key.
    user: Option<UserView>,
    /// The API key; null for a person.
    api_key: Option<ApiKeyView>,
    /// The tenant of this credential.
    tenant: TenantView,
    /// The role in it.
    role: Role,
    /// What role and scopes allow.
    permissions: Vec<&'static str>,
}

/// Tells who the caller is.
#[utoipa::path(
    get, path = "/api/v1/auth/me", tag = "auth",
    responses((status = 200, body = MeResponse, description = "Who the caller is, where, and what they may do"))
)]
pub(crate) async fn show_me(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let identity = &caller.identity;
    let (who, tenant) = app.db.tenant(caller.tenant(), async |connection| look_up(connection, identity).await).await?;
    let (user, api_key) = match who {
        Who::Person(row) => (Some(row.into()), None),
        Who::Machine(row) => (None, Some(row.into())),
    };
    let permissions = Permission::ALL.into_iter().filter(|permission| identity.may(*permission));
    Ok(Reply::ok(&MeResponse {
        user,
        api_key,
        tenant: TenantView::from(tenant),
        role: identity.role,
        permissions: permissions.map(Permission::as_str).collect(),
    }))
}
