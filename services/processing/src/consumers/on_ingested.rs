//! `INGESTED`: a record arrived and is to be decided.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{Cause, DecodeError, Event, Ingested};

use super::tenants_of;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::usecases::decide_records::{Arrival, decide_records};

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
        let now = self.app.clock.now();
        let mut arrivals = events
            .iter()
            .map(|event| {
                let record = event.decode::<Ingested>()?.record;
                Ok(Arrival { record, cause: Cause::following(event, SERVICE, now) })
            })
            .collect::<Result<Vec<_>, DecodeError>>()?;
        // Writers of records go in the order of ids, so that two batches cannot lock each other out.
        arrivals.sort_by_key(|arrival| arrival.record.record_id);
        arrivals.dedup_by_key(|arrival| arrival.record.record_id);
        let tenants = tenants_of(events);
        self.app
            .db
            .tenants(&tenants, async |connection| Ok(decide_records(connection, &self.app, &tenants, arrivals).await?))
            .await
    }
}
