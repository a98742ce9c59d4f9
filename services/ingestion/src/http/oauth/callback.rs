//! `GET /integrations/oauth/callback`

use actix_web::cookie::Cookie;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use common::IntegrationId;
use common::error_code::ErrorBody;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Query, RequestContext};

use crate::app::App;
use crate::domain::oauth::{CALLBACK, ConnectionStatus, browser_cookie, return_address, state_hash};
use crate::usecases::finish_authorization::{Callback, finish_authorization as finish};

/// What the provider's redirect carries. Providers add parameters of their own, which are not looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuthorizationCallback {
    /// The state of `POST /integrations/{id}/oauth/authorize`; good once, for ten minutes.
    state: Option<String>,
    /// The code to exchange.
    code: Option<String>,
    /// What the provider says instead of a code.
    error: Option<String>,
    /// The same for people.
    error_description: Option<String>,
}

/// The source that is connected now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizedResponse {
    integration_id: IntegrationId,
    status: ConnectionStatus,
}

/// Takes a provider's answer to an authorisation. The state names the source; no other credential is looked at.
#[utoipa::path(
    get, path = "/api/v1/integrations/oauth/callback", tag = "integrations", operation_id = "finish_authorization",
    params(AuthorizationCallback),
    responses(
        (status = 200, description = "Connected; the first pull is queued.", body = AuthorizedResponse),
        (status = 303, description = "The same, or what went wrong as the parameter `error`, where the authorisation \
         named a path to return to."),
        (status = 400, description = "`invalid_request`, or `oauth_state_invalid`: unknown, spent, expired, or begun in another browser.",
         body = ErrorBody),
        (status = 409, description = "`oauth_refused`: the person or the provider said no.", body = ErrorBody),
        (status = 502, description = "`upstream_unavailable`: the provider did not answer; authorise again.",
         body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn finish_authorization(
    app: Data<App>,
    context: RequestContext,
    request: HttpRequest,
    Query(query): Query<AuthorizationCallback>,
) -> Result<HttpResponse, ApiError> {
    let missing = |field: &str| ApiError::invalid_request(format!("{field} is missing.")).with("field", field);
    let state = query.state.filter(|state| !state.is_empty()).ok_or_else(|| missing("state"))?;
    let outcome = match (query.code, query.error) {
        (_, Some(error)) => {
            Err(query.error_description.map_or_else(|| error.clone(), |why| format!("{error} ({why})")))
        }
        (Some(code), None) => Ok(code),
        (None, None) => return Err(missing("code")),
    };
    let cookie = browser_cookie(&state_hash(&state));
    let proof = request.cookie(&cookie).map(|cookie| cookie.value().to_owned());
    let finished = finish(&app, context.trace, Callback { state, outcome, proof }).await?;
    if finished.outcome.is_ok() {
        app.sync_requested.notify_one();
    }
    let integration_id = finished.integration_id;
    let outcome = finished.outcome.map_err(ApiError::from);
    let Some(path) = finished.return_path else {
        outcome?;
        let connected = AuthorizedResponse { integration_id, status: ConnectionStatus::Connected };
        return Ok(HttpResponse::Ok().json(connected));
    };
    let id = integration_id.to_string();
    let told = match &outcome {
        Ok(()) => ("connected", "true"),
        Err(error) => {
            tracing::info!(%error, integration = %integration_id, "an authorisation came to nothing");
            ("error", error.code().as_str())
        }
    };
    let address = return_address(&app.public_url, &path, &[("integrationId", id.as_str()), told]);
    let address = address.ok_or_else(|| ApiError::internal(UnusableAddress))?;
    let mut spent = Cookie::build(cookie, "").path(CALLBACK).finish();
    spent.make_removal();
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, address)).cookie(spent);
    Ok(answer.finish())
}

/// The public address of the settings is none.
#[derive(Debug, thiserror::Error)]
#[error("the public address and the return path make no address")]
struct UnusableAddress;
