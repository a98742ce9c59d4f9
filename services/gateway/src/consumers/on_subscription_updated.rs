//! `SUBSCRIPTION_UPDATED`: the tenant's plan, as `GET /tenants/current` shows it.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{Event, SubscriptionUpdated};
use db::Db;

use crate::tenants::usecases::set_plans::{PlanChange, set_plans};

/// Handles the queue `gateway.subscriptions`.
#[derive(Debug)]
pub(crate) struct OnSubscriptionUpdated {
    pub db: Db,
}

#[async_trait]
impl Handler for OnSubscriptionUpdated {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let mut changes = Vec::with_capacity(events.len());
        for event in events {
            let data: SubscriptionUpdated = event.decode()?;
            changes.push(PlanChange { tenant: event.tenant_id, plan: data.plan, at: event.occurred_at, by: event.id });
        }
        let mut tenants: Vec<TenantId> = changes.iter().map(|change| change.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        self.db.tenants(&tenants, async |connection| Ok(set_plans(connection, changes).await?)).await
    }
}
