//! `POST /auth/tenant`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::{TenantId, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

use super::views::{SignedInView, UserView, user_agent};
use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::store::sessions;
use crate::auth::usecases::switch_tenant::{self, SwitchTenantError};
use crate::gate::Shown;
use crate::tenants::http::views::TenantView;

/// Where to.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SwitchTenantRequest {
    /// One of the caller's tenants.
    tenant_id: TenantId,
}

impl Check for SwitchTenantRequest {
    fn check(&self) -> Vec<Violation> {
        Vec::new()
    }
}

/// Begins a session in another tenant of the caller's. The present one goes on.
#[utoipa::path(
    post, path = "/api/v1/auth/tenant", tag = "auth", request_body = SwitchTenantRequest,
    responses(
        (status = 200, body = SignedInView, description = "A new pair in that tenant"),
        (status = 403, description = "`forbidden`: an API key works in one tenant"),
        (status = 404, description = "`not_found`: not a member there"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn switch_tenant(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    http: HttpRequest,
    body: Body<SwitchTenantRequest>,
) -> Result<Reply, ApiError> {
    let tenant = body.content.tenant_id;
    let (user, now) = (UserId(caller.identity.principal.id()), caller.cause.at);
    let keys = app.keys.current(now).await?;
    let Credential::Session(session) = shown.0 else { return Err(ApiError::internal("a person without a session")) };
    let state = app.db.system(async |connection| sessions::state(connection, session, false).await).await?;
    let shown_at = state.and_then(|state| state.second_factor_at);
    let (member, row, tokens) = app
        .db
        .tenant(tenant, async |connection| {
            let done =
                switch_tenant::switch_tenant(connection, &app, &keys, user, tenant, user_agent(&http), now).await?;
            if let Some(at) = shown_at {
                sessions::pass_second_factor(connection, done.2.session, at).await?;
            }
            Ok::<_, SwitchTenantError>(done)
        })
        .await?;
    Ok(Reply::ok(&SignedInView {
        tokens: tokens.into(),
        user: UserView { id: user, email: member.email, name: member.name },
        tenant: TenantView::from(row),
        role: member.role,
        tenants: None,
    }))
}
