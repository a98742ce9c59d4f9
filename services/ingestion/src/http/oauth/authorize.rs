//! `POST /integrations/{id}/oauth/authorize`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{DateTime, IntegrationId, Violation};
use serde::{Deserialize, Serialize};
use settings::{ExposeSecret as _, SecretString};
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::usecases::authorize_integration::authorize_integration as authorize;

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
}

/// Where to send the browser.
#[derive(Debug, Serialize, ToSchema)]
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
    Path(id): Path<IntegrationId>,
    body: Lenient<AuthorizeIntegration>,
) -> Result<Reply, ApiError> {
    let client_secret = body.content.client_secret;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let begun = authorize(connection, &app, &caller.cause, id, client_secret).await?;
                Ok(Reply::ok(&AuthorizationResponse {
                    authorization_url: begun.authorization_url,
                    redirect_uri: begun.redirect_uri,
                    expires_at: begun.expires_at,
                }))
            })
            .await
        })
        .await
}
