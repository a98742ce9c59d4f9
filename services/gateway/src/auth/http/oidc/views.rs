//! What the calls that send a browser away have in common.

use common::{DateTime, Violation};
use serde::Serialize;
use utoipa::ToSchema;
use web::ApiError;

use crate::app::App;
use crate::auth::domain::identity_provider::is_redirect;
use crate::auth::usecases::sign_in::begin::Begun;

/// Where to send the browser, and what to keep until it is back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BegunView {
    /// The identity provider's page. It sends the browser back to `redirectUri` with `code` and `state`.
    authorization_url: String,
    /// To be kept in this browser, and posted with `code` and `state`: without it they are worth nothing.
    flow_token: String,
    /// When it is too late to come back.
    expires_at: DateTime,
}

impl From<Begun> for BegunView {
    fn from(begun: Begun) -> Self {
        Self {
            authorization_url: begun.authorization_url,
            flow_token: begun.flow_token.expose().to_owned(),
            expires_at: begun.expires_at,
        }
    }
}

/// Refuses to send anybody back to a page that is no client's of this installation.
pub(super) fn check_redirect(app: &App, redirect_uri: &str) -> Result<(), ApiError> {
    let origins = app.settings.cors.origins().chain([app.settings.public.url.as_str()]);
    if is_redirect(redirect_uri, origins) {
        return Ok(());
    }
    let message = "must be a page of an origin that VERDICT__CORS__ALLOWED_ORIGINS lists, without fragment";
    Err(ApiError::validation(&[Violation::new("redirectUri", "redirect", message)]))
}
