//! `POST /billing/session`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{DateTime, Violation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::{is_allowed_url, is_web_url};
use crate::app::App;
use crate::error::{from_session, not_configured};
use crate::usecases::create_session::{Wish, create_session};

/// Longest plan id, in characters.
const MAX_PLAN_ID: usize = 100;

/// A wish to subscribe.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SessionRequest {
    /// A plan of `GET /billing/plans`.
    plan_id: String,
    /// Where the browser goes after paying: a URL of an allowed origin.
    success_url: String,
    /// Where it goes without paying: a URL of an allowed origin.
    cancel_url: String,
}

/// A page on which to subscribe.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionResponse {
    /// Send the browser there.
    url: String,
    /// Until when it works.
    expires_at: DateTime,
    /// Whose page it is.
    provider: String,
}

impl Check for SessionRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, "planId", &self.plan_id, 1, MAX_PLAN_ID);
        for (path, url) in self.urls() {
            if !is_web_url(url) {
                found.push(Violation::new(path, "url", "must be an absolute http or https URL"));
            }
        }
        found
    }
}

impl SessionRequest {
    const fn urls(&self) -> [(&'static str, &String); 2] {
        [("successUrl", &self.success_url), ("cancelUrl", &self.cancel_url)]
    }
}

/// Begin to subscribe at the payment provider. Without one the answer is `billing_not_configured`.
#[utoipa::path(
    post, path = "/api/v1/billing/session", operation_id = "create_billing_session", tag = "billing",
    request_body = SessionRequest,
    responses(
        (status = 201, description = "Where to pay.", body = SessionResponse),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 409, description = "`billing_not_configured`: there is no payment provider with pages; \
                                      `already_subscribed`: change it in the portal", body = ErrorBody),
        (status = 422, description = "A bad field, an unknown plan or one that costs nothing, or a URL of an origin \
                                      that is not allowed", body = ErrorBody),
        (status = 502, description = "`payment_provider_refused`", body = ErrorBody),
        (status = 503, description = "`payment_provider_unavailable`", body = ErrorBody),
    ),
)]
pub(crate) async fn create_billing_session(
    app: Data<App>,
    caller: Caller,
    body: Body<SessionRequest>,
) -> Result<Reply, ApiError> {
    let Body { content, idempotency } = body;
    let plan = app.plans.find(&content.plan_id).ok_or_else(|| {
        ApiError::validation(&[Violation::new("planId", "unknown_plan", "is none of the plans of GET /billing/plans")])
    })?;
    let provider = app.providers.serving().ok_or_else(not_configured)?;
    let foreign: Vec<Violation> = content
        .urls()
        .into_iter()
        .filter(|(_, url)| !is_allowed_url(url, &app.payments))
        .map(|(path, _)| Violation::new(path, "origin", "must be of an origin that this installation allows"))
        .collect();
    if !foreign.is_empty() {
        return Err(ApiError::validation(&foreign));
    }
    let tenant = caller.tenant();
    app.db
        .tenant(tenant, async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let wish = Wish {
                    plan,
                    success_url: content.success_url,
                    cancel_url: content.cancel_url,
                    key: format!("verdict-session-{}", common::EventId::generate()),
                };
                let session = create_session(connection, &app, provider.as_ref(), &caller.cause, wish).await;
                let session = session.map_err(from_session)?;
                let provider = provider.name().to_owned();
                Ok(Reply::created(&SessionResponse { url: session.url, expires_at: session.expires_at, provider }))
            })
            .await
        })
        .await
}
