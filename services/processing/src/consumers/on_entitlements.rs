//! The queue `processing.entitlements`: what tenants' plans allow, as billing tells it.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{DecodeError, EntitlementsUpdated, Event};

use super::tenants_of;
use crate::app::App;
use crate::store;

/// Keeps the highest version of each tenant, whatever the order.
#[derive(Debug)]
pub(crate) struct OnEntitlements(pub(crate) Arc<App>);

#[async_trait]
impl Handler for OnEntitlements {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let told = events.iter().map(Event::decode).collect::<Result<Vec<EntitlementsUpdated>, DecodeError>>()?;
        self.0
            .db
            .tenants(&tenants_of(events), async |connection| {
                for one in &told {
                    store::entitlements::put(connection, one).await?;
                }
                Ok::<_, db::DbError>(())
            })
            .await?;
        Ok(())
    }
}
