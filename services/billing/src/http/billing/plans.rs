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
        }
    }
}

/// List what there is to subscribe to.
#[utoipa::path(
    get, path = "/api/v1/billing/plans", operation_id = "list_plans", tag = "billing",
    responses((status = 200, body = [PlanResponse])),
)]
pub(crate) async fn list_plans(app: Data<App>, _: Caller) -> Result<Reply, ApiError> {
    let items: Vec<PlanResponse> = app.plans.all().iter().map(Into::into).collect();
    Ok(Reply::page(Page { items, next_cursor: None }))
}
