//! `ingestion.tenants`: how long a tenant keeps raw forms.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{DecodeError, Event, TenantUpdated};

use crate::app::App;
use crate::domain::retention::days_of;
use crate::store;
use crate::store::retentions::Wish;

/// Keeps up with the tenants' settings, as far as they matter here.
#[derive(Debug)]
pub(crate) struct OnTenantChanged {
    app: Arc<App>,
}

impl OnTenantChanged {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for OnTenantChanged {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let mut newest: BTreeMap<TenantId, Wish> = BTreeMap::new();
        for event in events {
            if let Some(wish) = wish(event)?
                && newest.get(&wish.tenant).is_none_or(|known| known.version < wish.version)
            {
                newest.insert(wish.tenant, wish);
            }
        }
        let tenants: Vec<TenantId> = newest.keys().copied().collect();
        if tenants.is_empty() {
            return Ok(());
        }
        let wishes: Vec<Wish> = newest.into_values().collect();
        self.app.db.tenants(&tenants, async |connection| store::retentions::upsert(connection, &wishes).await).await?;
        self.app.retention_changed.notify_one();
        Ok(())
    }
}

/// What the event says of retention; `None` when it is about something else.
fn wish(event: &Event) -> Result<Option<Wish>, DecodeError> {
    if !event.is::<TenantUpdated>() {
        return Ok(None);
    }
    let updated: TenantUpdated = event.decode()?;
    let settings = updated.after.and_then(|after| after.settings);
    let tenant = event.tenant_id;
    Ok(settings.map(|settings| Wish { tenant, days: days_of(&settings), version: updated.version }))
}
