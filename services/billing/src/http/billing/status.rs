//! `GET /billing/status`

use actix_web::web::Data;
use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Reply};

use crate::app::App;
use crate::domain::{Entitlements, FREE_PLAN, Plans};
use crate::usecases::{Status, show_status};

/// What the tenant is on, what that allows, and what was used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusResponse {
    /// The plan's id.
    plan: String,
    /// `active`, `trialing`, `past_due` or `canceled`.
    status: String,
    /// When the running period ends: the calendar month, in UTC.
    current_period_end: DateTime,
    cancel_at_period_end: bool,
    trial_end: Option<DateTime>,
    entitlements: Entitlements,
    usage: UsageResponse,
    /// Why the status is what it is; null when there is nothing to say.
    reason: Option<String>,
    /// When the subscription last changed; null while none has begun.
    last_event_at: Option<DateTime>,
    /// The payment provider; null without one.
    provider: Option<String>,
}

/// What was used, by the entitlement that it counts against.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageResponse {
    /// When the running period began.
    period_start: DateTime,
    /// Records accepted in it.
    records: i64,
    /// Members now.
    seats: i64,
    /// Connected sources now.
    integrations: i64,
}

impl StatusResponse {
    fn new(status: Status, plans: &Plans) -> Self {
        let Status { subscription, period, usage } = status;
        let plan = plans.find_or_free(subscription.as_ref().map_or(FREE_PLAN, |subscription| &subscription.plan));
        let usage = UsageResponse {
            period_start: period.start(),
            records: usage.records,
            seats: usage.seats,
            integrations: usage.integrations,
        };
        Self {
            plan: plan.id.clone(),
            status: subscription.as_ref().map_or_else(|| "active".to_owned(), |known| known.status.clone()),
            current_period_end: period.end(),
            cancel_at_period_end: subscription.as_ref().is_some_and(|known| known.cancel_at_period_end),
            trial_end: subscription.as_ref().and_then(|known| known.trial_end),
            entitlements: plan.entitlements,
            usage,
            reason: subscription.as_ref().and_then(|known| known.reason.clone()),
            last_event_at: subscription.map(|known| known.last_event_at),
            provider: None,
        }
    }
}

/// Show what the tenant is on, what that allows, and what was used.
#[utoipa::path(
    get, path = "/api/v1/billing/status", operation_id = "get_billing_status", tag = "billing",
    responses((status = 200, body = StatusResponse)),
)]
pub(crate) async fn get_billing_status(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let status = app.db.tenant(tenant, async |connection| show_status(connection, tenant, now).await).await?;
    Ok(Reply::ok(&StatusResponse::new(status, &app.plans)))
}
