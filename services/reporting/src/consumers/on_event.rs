//! Every event of the house goes into the log.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::Event;

use crate::app::App;
use crate::usecases::log_events;

/// Handles the queue `reporting.log`.
pub(crate) struct OnEvent(pub(crate) App);

#[async_trait]
impl Handler for OnEvent {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let logged = log_events(&self.0.db, events).await?;
        tracing::debug!(heard = events.len(), logged, "events logged");
        Ok(())
    }
}
