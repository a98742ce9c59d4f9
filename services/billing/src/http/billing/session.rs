//! `POST /billing/session`

use actix_web::web::Data;
use common::Violation;
use common::error_code::ErrorBody;
use common::violation::check_text;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

use super::is_web_url;
use crate::app::App;
use crate::error::not_configured;

/// Longest plan id, in characters.
const MAX_PLAN_ID: usize = 100;

/// A wish to subscribe.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SessionRequest {
    /// A plan of `GET /billing/plans`.
    plan_id: String,
    /// Where the browser goes after paying.
    success_url: String,
    /// Where it goes without paying.
    cancel_url: String,
}

impl Check for SessionRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, "planId", &self.plan_id, 1, MAX_PLAN_ID);
        for (path, url) in [("successUrl", &self.success_url), ("cancelUrl", &self.cancel_url)] {
            if !is_web_url(url) {
                found.push(Violation::new(path, "url", "must be an absolute http or https URL"));
            }
        }
        found
    }
}

/// Begin to subscribe at the payment provider. Without one the answer is `billing_not_configured`.
#[utoipa::path(
    post, path = "/api/v1/billing/session", operation_id = "create_billing_session", tag = "billing",
    request_body = SessionRequest,
    responses(
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 409, description = "`billing_not_configured`: there is no payment provider", body = ErrorBody),
        (status = 422, description = "A bad field, or an unknown plan", body = ErrorBody),
    ),
)]
pub(crate) async fn create_billing_session(
    app: Data<App>,
    _: Caller,
    body: Body<SessionRequest>,
) -> Result<Reply, ApiError> {
    match app.plans.find(&body.content.plan_id) {
        Some(_) => Err(not_configured()),
        None => Err(ApiError::validation(&[Violation::new(
            "planId",
            "unknown_plan",
            "is none of the plans of GET /billing/plans",
        )])),
    }
}
