//! `ingestion.states`: verdicts of machines and people become the records' state.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::Event;

use crate::app::App;
use crate::domain::verdict::{Verdict, strongest};
use crate::store;

/// Takes verdicts over. What was taken over before, or is outranked by what the record has, changes nothing, so
/// repetition and order do not matter.
#[derive(Debug)]
pub(crate) struct OnVerdict {
    app: Arc<App>,
}

impl OnVerdict {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for OnVerdict {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let mut verdicts = Vec::with_capacity(events.len());
        for event in events {
            verdicts.extend(Verdict::of(event)?);
        }
        let verdicts = strongest(verdicts);
        let tenants: BTreeSet<TenantId> = verdicts.iter().map(|verdict| verdict.tenant_id).collect();
        let tenants: Vec<TenantId> = tenants.into_iter().collect();
        if tenants.is_empty() {
            return Ok(());
        }
        let now = self.app.clock.now();
        let missing = self
            .app
            .db
            .tenants(&tenants, async |connection| store::verdicts::apply(connection, &verdicts, now).await)
            .await?;
        if missing > 0 {
            // The record's row was committed before its event, so only retention can have taken it.
            tracing::warn!(missing, "verdicts about records that are gone were dropped");
        }
        Ok(())
    }
}
