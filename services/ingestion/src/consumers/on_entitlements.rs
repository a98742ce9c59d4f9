//! The queue `ingestion.entitlements`: what tenants may do, as billing tells it.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{DecodeError, EntitlementsUpdated, Event};

use crate::app::App;
use crate::store;

/// Keeps the highest version of each tenant, whatever the order.
#[derive(Debug)]
pub(crate) struct OnEntitlements(pub(crate) Arc<App>);

#[async_trait]
impl Handler for OnEntitlements {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let told = events.iter().map(Event::decode).collect::<Result<Vec<EntitlementsUpdated>, DecodeError>>()?;
        let mut tenants: Vec<TenantId> = events.iter().map(|event| event.tenant_id).collect();
        tenants.sort_unstable();
        tenants.dedup();
        self.0
            .db
            .tenants(&tenants, async |connection| {
                for one in &told {
                    store::quotas::put(connection, one).await?;
                }
                Ok::<_, db::DbError>(())
            })
            .await?;
        Ok(())
    }
}
