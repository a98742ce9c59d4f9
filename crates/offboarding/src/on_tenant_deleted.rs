//! The queue of deletions: the tombstone and what ends at once, in one transaction.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{Event, TenantDeleted};
use db::DbError;

use crate::{Offboarding, store};

/// Hears `TENANT_DELETED`; a second time changes nothing.
#[derive(Debug)]
pub(crate) struct OnTenantDeleted(pub(crate) Offboarding);

#[async_trait]
impl Handler for OnTenantDeleted {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let app = &self.0;
        for event in events.iter().filter(|event| event.is::<TenantDeleted>()) {
            let (tenant, at) = (event.tenant_id, event.occurred_at);
            app.db
                .tenant(tenant, async |connection| {
                    store::bury(connection, tenant, (&event.actor.id, at), app.clock.now()).await?;
                    app.holdings.close(connection, tenant, at).await?;
                    Ok::<_, DbError>(())
                })
                .await?;
            app.deleted.extend([tenant]);
            app.heard.notify_one();
            tracing::info!(%tenant, "a tenant was deleted; nothing more is taken in for it, and its rows are removed");
        }
        Ok(())
    }
}
