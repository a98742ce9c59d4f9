//! `GET /billing/status`

use actix_web::web::Data;
use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Reply};

use crate::app::App;
use crate::domain::{Counted, Entitlements, Explained, FREE_PLAN, Plans, explain};
use crate::usecases::{Status, show_status};

/// What the tenant is on, what that allows, and what was used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusResponse {
    /// The plan's id.
    plan: String,
    /// `active`, `trialing`, `past_due`, `canceled`, `incomplete`, `incomplete_expired`, `unpaid` or `paused`.
    status: String,
    /// When the running period ends: what is paid for, or on the free plan the tenant's calendar month.
    current_period_end: DateTime,
    cancel_at_period_end: bool,
    trial_end: Option<DateTime>,
    /// `full`, or `read_only`: nothing new is taken in.
    access: &'static str,
    /// Since when the status is what it is; null while none has begun.
    status_since: Option<DateTime>,
    /// Until when a failed payment is borne with; null when none failed.
    grace_ends_at: Option<DateTime>,
    /// The plan from `scheduledAt` on, when another was agreed.
    scheduled_plan: Option<String>,
    scheduled_at: Option<DateTime>,
    entitlements: Entitlements,
    /// Every entitlement with its value, use, source and reason.
    explanations: Vec<ExplanationResponse>,
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
    /// When the tenant's calendar month began.
    period_start: DateTime,
    /// When it ends, and the count of records begins anew.
    period_end: DateTime,
    /// Records accepted in it.
    records: i64,
    /// What that comes to by its end, if it goes on like this.
    records_forecast: i64,
    /// Members now.
    seats: i64,
    /// Connected sources now.
    integrations: i64,
}

/// One entitlement, explained.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExplanationResponse {
    /// Its name, as in `entitlements`.
    entitlement: &'static str,
    /// How much there may be; null without a limit.
    value: Option<u64>,
    /// Where more than `value` is taken in before anything is refused: up to here.
    hard_limit: Option<u64>,
    /// How much there is; null for what is not counted here.
    used: Option<u64>,
    /// `within`, `over`, `exhausted` or `read_only`.
    state: &'static str,
    /// Where the value comes from.
    source: String,
    /// Why it is as it is, and what to do.
    reason: String,
}

impl From<Explained> for ExplanationResponse {
    fn from(one: Explained) -> Self {
        Self {
            entitlement: one.name,
            value: one.limit,
            hard_limit: one.hard_limit,
            used: one.used,
            state: one.state.as_str(),
            source: one.source,
            reason: one.reason,
        }
    }
}

impl StatusResponse {
    fn new(status: Status, plans: &Plans) -> Self {
        let Status { subscription, period, usage, now } = status;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let counted = Counted {
            records: count(usage.records),
            seats: count(usage.seats),
            integrations: count(usage.integrations),
        };
        let explanations = explain(plans, subscription.as_ref(), counted);
        let plan = plans.find_or_free(subscription.as_ref().map_or(FREE_PLAN, |subscription| &subscription.plan));
        let usage = UsageResponse {
            period_start: period.start(),
            period_end: period.end(),
            records: usage.records,
            records_forecast: period.forecast(usage.records, now),
            seats: usage.seats,
            integrations: usage.integrations,
        };
        Self {
            plan: plan.id.clone(),
            status: subscription.as_ref().map_or_else(|| "active".to_owned(), |known| known.status.clone()),
            current_period_end: subscription
                .as_ref()
                .and_then(|known| known.current_period_end)
                .unwrap_or_else(|| period.end()),
            cancel_at_period_end: subscription.as_ref().is_some_and(|known| known.cancel_at_period_end),
            trial_end: subscription.as_ref().and_then(|known| known.trial_end),
            access: subscription.as_ref().map_or("full", |known| known.access.as_str()),
            status_since: subscription.as_ref().and_then(|known| known.status_since),
            grace_ends_at: subscription.as_ref().and_then(|known| known.grace_ends_at),
            scheduled_plan: subscription.as_ref().and_then(|known| known.scheduled_plan.clone()),
            scheduled_at: subscription.as_ref().and_then(|known| known.scheduled_at),
            entitlements: plan.entitlements,
            explanations: explanations.into_iter().map(Into::into).collect(),
            usage,
            reason: subscription.as_ref().and_then(|known| known.reason.clone()),
            last_event_at: subscription.as_ref().map(|known| known.last_event_at),
            provider: subscription.and_then(|known| known.provider),
        }
    }
}

/// Show what the tenant is on, what that allows, and what was used.
#[utoipa::path(
    get, path = "/api/v1/billing/status", operation_id = "get_billing_status", tag = "billing",
    responses((status = 200, description = "The plan, what it allows, what was used, and why.", body = StatusResponse)),
)]
pub(crate) async fn get_billing_status(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let status = app.db.tenant(tenant, async |connection| show_status(connection, tenant, now).await).await?;
    Ok(Reply::ok(&StatusResponse::new(status, &app.plans)))
}
