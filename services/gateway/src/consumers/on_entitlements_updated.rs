//! `ENTITLEMENTS_UPDATED`: how many members a tenant may have.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{DecodeError, EntitlementsUpdated, Event};
use db::{Db, DbError};

use crate::tenants::store::entitlements;

/// Handles the queue `gateway.entitlements`.
#[derive(Debug)]
pub(crate) struct OnEntitlementsUpdated {
    pub db: Db,
}

#[async_trait]
impl Handler for OnEntitlementsUpdated {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let told = events.iter().map(Event::decode).collect::<Result<Vec<EntitlementsUpdated>, DecodeError>>()?;
        let mut tenants: Vec<TenantId> = events.iter().map(|event| event.tenant_id).collect();
        tenants.sort_unstable();
        tenants.dedup();
        self.db
            .tenants(&tenants, async |connection| {
                for one in &told {
                    entitlements::put(connection, one).await?;
                }
                Ok::<_, DbError>(())
            })
            .await?;
        Ok(())
    }
}
