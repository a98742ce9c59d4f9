//! `POST /auth/oidc/start`.

use actix_web::web::Data;
use common::TenantId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, idempotent_as};

use super::views::{BegunView, check_redirect};
use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::http::sealed::{self, principal_of};
use crate::auth::usecases::sign_in::begin::{self, BeginError, Leaving};
use crate::gate::ClientAddress;

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/start-sign-in-answer";

/// Into which tenant, and where to come back.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StartSignInRequest {
    /// The tenant, as `GET /auth/oidc/discover` names it or a link of the tenant's own does.
    tenant_id: TenantId,
    /// A page of the web client; its origin must be one that may call this API.
    redirect_uri: String,
    /// Whom the provider may suggest.
    #[serde(default)]
    email: Option<String>,
}

// Checked when it is known where browsers may be sent.
impl Check for StartSignInRequest {}

/// Begins to sign in through a tenant's identity provider.
///
/// The browser is sent to `authorizationUrl`, and comes back to `redirectUri` with `code` and `state` in its query; the
/// page posts them with `flowToken` to `POST /auth/oidc/callback` within ten minutes.
#[utoipa::path(
    post, path = "/api/v1/auth/oidc/start", tag = "auth", request_body = StartSignInRequest,
    responses(
        (status = 201, body = BegunView, description = "Where to send the browser"),
        (status = 404, description = "`not_found`: no such tenant, or it has no identity provider that is enabled"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
        (status = 502, description = "`identity_provider_unavailable`"),
    )
)]
pub(crate) async fn start_sign_in(
    app: Data<App>,
    address: ClientAddress,
    body: Body<StartSignInRequest>,
) -> Result<Reply, ApiError> {
    let Body { content: StartSignInRequest { tenant_id: tenant, redirect_uri, email }, idempotency } = body;
    check_redirect(&app, &redirect_uri)?;
    let now = app.clock.now();
    let provider = app.db.tenant(tenant, async |connection| begin::find_provider(connection, tenant).await).await?;
    let metadata = app.providers.metadata(&provider.issuer, now).await.map_err(BeginError::from)?;
    let email = email.as_deref().and_then(Email::parse);
    let leaving =
        Leaving { redirect_uri: &redirect_uri, linking_user: None, login_hint: email.as_ref().map(Email::as_str) };
    // Nobody is known yet: whoever repeats it does so from the same address.
    let principal = principal_of(&format!("{:032x}", address.key()));
    let kept = app
        .db
        .tenants(&[TenantId(Uuid::nil()), tenant], async |connection| {
            idempotent_as(connection, Uuid::nil(), principal, &idempotency, async |connection| {
                let begun = begin::begin(connection, &app, (&provider, &metadata), leaving, now).await?;
                sealed::seal(&app.sealer, PURPOSE, Reply::created(&BegunView::from(begun)))
            })
            .await
        })
        .await?;
    sealed::open(&app.sealer, PURPOSE, kept)
}
