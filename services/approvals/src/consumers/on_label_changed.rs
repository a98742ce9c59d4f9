//! LABEL_CREATED, LABEL_UPDATED and LABEL_DELETED: the labels that an override may name.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{Event, LabelState};

use super::tenants_of;
use crate::app::App;
use crate::store::labels;

/// Learns the labels of a batch in one transaction, in whatever order they arrive, and wakes whoever waits for one.
#[derive(Debug)]
pub(crate) struct OnLabelChanged(pub(crate) App);

#[async_trait]
impl Handler for OnLabelChanged {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let states = LabelState::newest(events)?;
        let app = &self.0;
        app.db.tenants(&tenants_of(events), async |connection| labels::upsert(connection, &states).await).await?;
        app.label_arrivals.announce();
        Ok(())
    }
}
