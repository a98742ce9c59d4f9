//! `GET /billing/portal`

use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply};

use super::is_web_url;
use crate::error::not_configured;

/// Where to come back to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct PortalQuery {
    /// An absolute http or https URL.
    return_url: String,
}

/// Get a link to the payment provider's own pages. Without a provider the answer is `billing_not_configured`.
#[utoipa::path(
    get, path = "/api/v1/billing/portal", operation_id = "get_billing_portal", tag = "billing", params(PortalQuery),
    responses(
        (status = 400, description = "returnUrl is missing or no http or https URL", body = ErrorBody),
        (status = 409, description = "`billing_not_configured`: there is no payment provider", body = ErrorBody),
    ),
)]
pub(crate) async fn get_billing_portal(_: Caller, query: Query<PortalQuery>) -> Result<Reply, ApiError> {
    if is_web_url(&query.0.return_url) {
        return Err(not_configured());
    }
    Err(ApiError::invalid_request("returnUrl must be an absolute http or https URL.").with("field", "returnUrl"))
}
