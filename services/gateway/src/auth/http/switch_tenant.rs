//! `POST /auth/tenant`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::{TenantId, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::sealed;
use super::views::{SignedInView, UserView, user_agent};
use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::store::sessions;
use crate::auth::usecases::switch_tenant;
use crate::gate::Shown;
use crate::tenants::http::views::TenantView;

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/switch-tenant-answer";

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

/// Begins a session in another tenant of the caller's. The present one goes on; when it ends, the new
/// one ends with it.
#[utoipa::path(
    post, path = "/api/v1/auth/tenant", tag = "auth", request_body = SwitchTenantRequest,
    responses(
        (status = 200, body = SignedInView, description = "A new pair in that tenant"),
        (status = 403, description = "`forbidden`: an API key works in one tenant"),
        (status = 404, description = "`not_found`: not a member there"),
        (status = 409, description = "`idempotency_in_progress`"),
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
    let Body { content: SwitchTenantRequest { tenant_id: tenant }, idempotency } = body;
    let Credential::Session(opener) = shown.0 else { return Err(ApiError::internal("a person without a session")) };
    let (user, now) = (UserId(caller.identity.principal.id()), caller.cause.at);
    let keys = app.keys.current(now).await?;
    let state = app.db.system(async |connection| sessions::state(connection, opener, false).await).await?;
    let shown_at = state.and_then(|state| state.second_factor_at);
    // The session is the other tenant's, the idempotency key is the present one's.
    let kept = app
        .db
        .tenants(&[caller.tenant(), tenant], async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let (who, agent) = ((user, opener), user_agent(&http));
                let (member, row, tokens) =
                    switch_tenant::switch_tenant(connection, &app, &keys, who, tenant, agent, now).await?;
                if let Some(at) = shown_at {
                    sessions::pass_second_factor(connection, tokens.session, at).await?;
                }
                let answer = Reply::ok(&SignedInView {
                    tokens: tokens.into(),
                    user: UserView { id: user, email: member.email, name: member.name },
                    tenant: TenantView::from(row),
                    role: member.role,
                    tenants: None,
                });
                sealed::seal(&app.sealer, PURPOSE, answer)
            })
            .await
        })
        .await?;
    sealed::open(&app.sealer, PURPOSE, kept)
}
