//! `ingestion.labels`: the labels that records can be given.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{Event, LabelState};

use crate::app::App;
use crate::store;

/// Keeps up with the tenants' labels, in whatever order news of them arrives.
#[derive(Debug)]
pub(crate) struct OnLabelChanged {
    app: Arc<App>,
}

impl OnLabelChanged {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for OnLabelChanged {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let states = LabelState::newest(events)?;
        let tenants: BTreeSet<TenantId> = states.iter().map(|state| state.tenant).collect();
        let tenants: Vec<TenantId> = tenants.into_iter().collect();
        if tenants.is_empty() {
            return Ok(());
        }
        Ok(self.app.db.tenants(&tenants, async |connection| store::labels::upsert(connection, &states).await).await?)
    }
}
