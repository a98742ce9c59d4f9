//! `GET /integrations/oauth/callback`

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Query, Reply, RequestContext};

use crate::app::App;
use crate::domain::oauth::ConnectionStatus;
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
        (status = 400, description = "`invalid_request`, or `oauth_state_invalid`: unknown, spent or expired.",
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
    Query(query): Query<AuthorizationCallback>,
) -> Result<Reply, ApiError> {
    let missing = |field: &str| ApiError::invalid_request(format!("{field} is missing.")).with("field", field);
    let state = query.state.filter(|state| !state.is_empty()).ok_or_else(|| missing("state"))?;
    let outcome = match (query.code, query.error) {
        (_, Some(error)) => {
            Err(query.error_description.map_or_else(|| error.clone(), |why| format!("{error} ({why})")))
        }
        (Some(code), None) => Ok(code),
        (None, None) => return Err(missing("code")),
    };
    let integration_id = finish(&app, context.trace, Callback { state, outcome }).await?;
    app.sync_requested.notify_one();
    Ok(Reply::ok(&AuthorizedResponse { integration_id, status: ConnectionStatus::Connected }))
}
