//! The queue `ingestion.entitlements`: what tenants may do, as billing tells it.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{DecodeError, EntitlementsUpdated, Event};

use crate::app::App;
use crate::domain::retention::NOTICE;
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
        let later = self.0.clock.now() + NOTICE;
        self.0
            .db
            .tenants(&tenants, async |connection| {
                for one in &told {
                    store::quotas::put(connection, one).await?;
                    store::retentions::bound(connection, one.tenant_id, later).await?;
                }
                Ok::<_, db::DbError>(())
            })
            .await?;
        self.0.retention_changed.notify_one();
        Ok(())
    }
}
