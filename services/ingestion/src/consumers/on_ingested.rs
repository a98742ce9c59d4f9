//! `ingestion.index`: its own news of new records, so that lists take them in behind the answer and in batches.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::Event;
use uuid::Uuid;

use crate::app::App;
use crate::store;
use crate::usecases::store_attachments::store_attachments;

/// Takes records into the lists' facets and words, and keeps the files that came inside of them. All of it is read from
/// what is stored, so repetition changes nothing.
#[derive(Debug)]
pub(crate) struct OnIngested {
    app: Arc<App>,
}

impl OnIngested {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for OnIngested {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let tenants: BTreeSet<TenantId> = events.iter().map(|event| event.tenant_id).collect();
        let tenants: Vec<TenantId> = tenants.into_iter().collect();
        let scope: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
        let malformed = |error: uuid::Error| HandleError::Permanent(Box::new(error));
        let records: Vec<Uuid> =
            events.iter().map(|event| event.subject.id.parse().map_err(malformed)).collect::<Result<_, _>>()?;
        self.app
            .db
            .tenants(&tenants, async |connection| {
                store::facets::refresh(connection, &scope, &records).await?;
                store::facets::add_words(connection, &records).await?;
                Ok::<_, HandleError>(())
            })
            .await?;
        Ok(store_attachments(&self.app, &tenants, events).await?)
    }
}
