//! Takes over tenants' plans from billing.

use common::{DateTime, EventId, TenantId};
use db::{Connection, DbError};

use crate::tenants::store::tenants;

/// What an event says about a tenant's plan.
#[derive(Clone, Debug)]
pub(crate) struct PlanChange {
    pub tenant: TenantId,
    pub plan: String,
    pub at: DateTime,
    pub by: EventId,
}

/// Sets the plans, whatever the order in which the changes come and however often.
pub(crate) async fn set_plans(connection: &mut Connection, changes: Vec<PlanChange>) -> Result<(), DbError> {
    let ids: Vec<TenantId> = changes.iter().map(|change| change.tenant).collect();
    let times: Vec<DateTime> = changes.iter().map(|change| change.at).collect();
    let events: Vec<EventId> = changes.iter().map(|change| change.by).collect();
    let plans: Vec<String> = changes.into_iter().map(|change| change.plan).collect();
    tenants::set_plans(connection, &ids, &plans, &times, &events).await
}
