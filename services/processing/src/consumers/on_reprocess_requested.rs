//! `REPROCESS_REQUESTED` and `RELABEL_REQUESTED`: what operations ask of records. A queue of its own, so that a large
//! operation holds up no new record.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::DecisionId;
use common::event::{Cause, DecodeError, Event, RelabelRequested, ReprocessRequested};

use super::tenants_of;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::usecases::redecide_records::{Request, redecide_records};
use crate::usecases::relabel_records::{Relabelling, relabel_records};

#[derive(Debug)]
pub(crate) struct OnReprocessRequested {
    app: Arc<App>,
}

impl OnReprocessRequested {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for OnReprocessRequested {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let now = self.app.clock.now();
        let requests = events
            .iter()
            .filter(|event| event.is::<ReprocessRequested>())
            .map(|event| {
                let cause = Cause::following(event, SERVICE, now);
                // Named after its request, so that a request that comes again finds its decision made.
                Ok(Request { cause, requested: event.decode()?, decision: DecisionId(event.id.0) })
            })
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let relabellings = events
            .iter()
            .filter(|event| event.is::<RelabelRequested>())
            .map(|event| {
                // The person who asked for the operation decides.
                let cause = Cause { actor: event.actor.clone(), ..Cause::following(event, SERVICE, now) };
                Ok(Relabelling { cause, requested: event.decode()?, decision: DecisionId(event.id.0) })
            })
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let tenants = tenants_of(events);
        self.app
            .db
            .tenants(&tenants, async |connection| {
                redecide_records(connection, &self.app, &tenants, requests).await?;
                relabel_records(connection, &self.app, &tenants, relabellings).await?;
                Ok(())
            })
            .await
    }
}
