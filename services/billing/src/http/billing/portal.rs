//! `GET /billing/portal`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Query, Reply};

use super::{is_allowed_url, is_web_url};
use crate::app::App;
use crate::error::{from_portal, not_configured};
use crate::usecases::open_portal::open_portal;

/// Where to come back to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct PortalQuery {
    /// An absolute http or https URL of an allowed origin.
    return_url: String,
}

/// Where the subscription is managed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalResponse {
    /// A page of the provider's; it works for a few minutes, and only for this tenant's own customer.
    url: String,
}

/// Get a link to the payment provider's own pages. Without a provider the answer is `billing_not_configured`.
#[utoipa::path(
    get, path = "/api/v1/billing/portal", operation_id = "get_billing_portal", tag = "billing", params(PortalQuery),
    responses(
        (status = 200, description = "Where the provider lets the customer manage the subscription.", body = PortalResponse),
        (status = 400, description = "returnUrl is missing, no http or https URL, or of no allowed origin",
         body = ErrorBody),
        (status = 409, description = "`billing_not_configured`: there is no payment provider with pages; \
                                      `no_billing_customer`: the tenant has never begun to pay", body = ErrorBody),
        (status = 502, description = "`payment_provider_refused`", body = ErrorBody),
        (status = 503, description = "`payment_provider_unavailable`", body = ErrorBody),
    ),
)]
pub(crate) async fn get_billing_portal(
    app: Data<App>,
    caller: Caller,
    query: Query<PortalQuery>,
) -> Result<Reply, ApiError> {
    let refuse = |message: &str| ApiError::invalid_request(message).with("field", "returnUrl");
    let return_url = &query.0.return_url;
    if !is_web_url(return_url) {
        return Err(refuse("returnUrl must be an absolute http or https URL."));
    }
    let provider = app.providers.serving().ok_or_else(not_configured)?;
    if !is_allowed_url(return_url, &app.payments) {
        return Err(refuse("returnUrl must be of an origin that this installation allows."));
    }
    let url = open_portal(&app, provider.as_ref(), caller.tenant(), return_url).await.map_err(from_portal)?;
    Ok(Reply::ok(&PortalResponse { url }))
}
