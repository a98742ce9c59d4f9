//! `POST /integrations/{id}/oauth/authorize`

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{DateTime, IntegrationId, Violation};
use serde::{Deserialize, Serialize};
use settings::{ExposeSecret as _, SecretString};
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::domain::oauth::{CALLBACK, STATE_MINUTES, is_return_path};
use crate::usecases::authorize_integration::{authorize_integration as authorize, browser_proof};

/// Longest client secret, in characters.
const MAX_SECRET: usize = 4_096;

/// What the authorisation needs beside the source's config.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AuthorizeIntegration {
    /// The client's secret at the provider; sealed, and never shown. Left out, that of the last connection is used;
    /// public clients have none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretString>,
    /// Where the browser goes afterwards: a path below the public address, such as `/sources`, with `integrationId`
    /// and `connected=true` added, or `error`. The answer then sets a cookie, without which the callback takes no code:
    /// only the browser that began can finish. Left out, the callback answers in JSON.
    #[serde(default)]
    return_path: Option<String>,
}

/// Where to send the browser.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationResponse {
    /// To be opened in the browser of whoever may grant access at the provider.
    authorization_url: String,
    /// The redirect address to register at the provider.
    redirect_uri: String,
    /// Until when the provider's answer is taken.
    expires_at: DateTime,
}

impl Check for AuthorizeIntegration {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(secret) = &self.client_secret {
            check_text(&mut found, "clientSecret", secret.expose_secret(), 1, MAX_SECRET);
        }
        if self.return_path.as_deref().is_some_and(|path| !is_return_path(path)) {
            let message = "must be a path such as /sources, at most 512 characters, without a fragment";
            found.push(Violation::new("returnPath", "path", message));
        }
        found
    }
}

/// Begins the connection of a source to its provider, the first one or a new one.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/oauth/authorize", tag = "integrations",
    operation_id = "authorize_integration",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    request_body = AuthorizeIntegration,
    responses(
        (status = 200, description = "Where to send the browser.", body = AuthorizationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`not_oauth`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn authorize_integration(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    Path(id): Path<IntegrationId>,
    body: Lenient<AuthorizeIntegration>,
) -> Result<HttpResponse, ApiError> {
    let AuthorizeIntegration { client_secret, return_path } = body.content;
    let given = (client_secret, return_path.clone());
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let begun = authorize(connection, &app, &caller.cause, id, given).await?;
                Ok(Reply::ok(&AuthorizationResponse {
                    authorization_url: begun.authorization_url,
                    redirect_uri: begun.redirect_uri,
                    expires_at: begun.expires_at,
                }))
            })
            .await
        })
        .await?;
    let begun: Option<AuthorizationResponse> = serde_json::from_str(reply.body()).ok();
    let proof = begun.and_then(|begun| browser_proof(&app, return_path.as_deref(), &begun.authorization_url));
    let mut answer = reply.respond_to(&request);
    if let Some((name, content)) = proof {
        let cookie = Cookie::build(name, content).path(CALLBACK).http_only(true).same_site(SameSite::Lax);
        let is_secure = app.public_url.starts_with("https://");
        let cookie = cookie.secure(is_secure).max_age(time::Duration::minutes(STATE_MINUTES)).finish();
        answer.add_cookie(&cookie).map_err(|error| ApiError::internal(UnusableCookie(error.to_string())))?;
    }
    Ok(answer)
}

/// The cookie cannot be written as a header.
#[derive(Debug, thiserror::Error)]
#[error("the browser's cookie cannot be set: {0}")]
struct UnusableCookie(String);
