//! `POST /auth/oidc/link`.

use actix_web::web::Data;
use common::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::views::{BegunView, check_redirect};
use crate::app::App;
use crate::auth::http::sealed;
use crate::auth::usecases::sign_in::begin::{self, BeginError, Leaving};

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/link-sign-in-answer";

/// Where to come back.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LinkSignInRequest {
    /// A page of the web client; its origin must be one that may call this API.
    redirect_uri: String,
}

// Checked when it is known where browsers may be sent.
impl Check for LinkSignInRequest {}

/// Begins to link the caller's account to who they are at the tenant's identity provider, so that they can sign in
/// there. It goes on like `POST /auth/oidc/start`; the e-mail addresses need not agree.
#[utoipa::path(
    post, path = "/api/v1/auth/oidc/link", tag = "auth", request_body = LinkSignInRequest,
    responses(
        (status = 201, body = BegunView, description = "Where to send the browser"),
        (status = 403, description = "`forbidden`: an API key has no identity there; with the reason \
            `confined_session`, the provider opened this session already"),
        (status = 404, description = "`not_found`: the tenant has no identity provider that is enabled"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
        (status = 502, description = "`identity_provider_unavailable`"),
    )
)]
pub(crate) async fn link_sign_in(
    app: Data<App>,
    caller: Caller,
    body: Body<LinkSignInRequest>,
) -> Result<Reply, ApiError> {
    let Body { content: LinkSignInRequest { redirect_uri }, idempotency } = body;
    check_redirect(&app, &redirect_uri)?;
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let provider = app.db.tenant(tenant, async |connection| begin::find_provider(connection, tenant).await).await?;
    let metadata = app.providers.metadata(&provider.issuer, now).await.map_err(BeginError::from)?;
    let leaving = Leaving {
        redirect_uri: &redirect_uri,
        linking_user: Some(UserId(caller.identity.principal.id())),
        login_hint: None,
    };
    let kept = app
        .db
        .tenant(tenant, async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let begun = begin::begin(connection, &app, (&provider, &metadata), leaving, now).await?;
                sealed::seal(&app.sealer, PURPOSE, Reply::created(&BegunView::from(begun)))
            })
            .await
        })
        .await?;
    sealed::open(&app.sealer, PURPOSE, kept)
}
