//! `ingestion.operations`: records that were decided again end the items that waited for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{Cause, DecodeError, Event};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::usecases::end_items::{News, end_items};

/// Ends items of operations; one that ended stays ended.
#[derive(Debug)]
pub(crate) struct OnReprocessed {
    app: Arc<App>,
}

impl OnReprocessed {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for OnReprocessed {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let now = self.app.clock.now();
        let news = events
            .iter()
            .map(|event| Ok(News { cause: Cause::following(event, AGENT, now), reprocessed: event.decode()? }))
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let tenants: BTreeSet<TenantId> = events.iter().map(|event| event.tenant_id).collect();
        let tenants: Vec<TenantId> = tenants.into_iter().collect();
        Ok(self.app.db.tenants(&tenants, async |connection| end_items(connection, &self.app, news).await).await?)
    }
}
