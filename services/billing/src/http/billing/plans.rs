//! `GET /billing/plans`

use actix_web::web::Data;
use common::page::Page;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Reply};

use crate::app::App;
use crate::domain::{Entitlements, Interval, Plan};

/// Something to subscribe to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanResponse {
    id: String,
    name: String,
    /// A decimal in `currency`.
    #[schema(example = "0.00")]
    price: String,
    /// ISO 4217.
    currency: String,
    interval: Interval,
    entitlements: Entitlements,
    /// Days on trial for who never subscribed before; null without a trial.
    trial_days: Option<u32>,
    /// Whether records beyond the plan are billed one by one; otherwise they are refused at some point.
    metered: bool,
}

impl From<&Plan> for PlanResponse {
    fn from(plan: &Plan) -> Self {
        Self {
            id: plan.id.clone(),
            name: plan.name.clone(),
            price: plan.price.to_string(),
            currency: plan.price.currency.clone(),
            interval: plan.interval,
            entitlements: plan.entitlements,
            trial_days: plan.trial_days,
            metered: plan.metered.is_some(),
        }
    }
}

/// List what there is to subscribe to.
#[utoipa::path(
    get, path = "/api/v1/billing/plans", operation_id = "list_plans", tag = "billing",
    responses((status = 200, description = "The plans that can be had.", body = [PlanResponse])),
)]
pub(crate) async fn list_plans(app: Data<App>, _: Caller) -> Result<Reply, ApiError> {
    let items: Vec<PlanResponse> = app.plans.all().iter().map(Into::into).collect();
    Ok(Reply::page(Page { items, next_cursor: None }))
}
