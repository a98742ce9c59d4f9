//! LABEL_CREATED, LABEL_UPDATED and LABEL_DELETED: the labels that an override may name.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{DecodeError, Event, LabelCreated, LabelDeleted, LabelUpdated};
use common::{LabelId, TenantId};

use super::tenants_of;
use crate::app::App;
use crate::store::labels::LabelState;
use crate::usecases::learn_labels;

/// Learns the labels of a batch in one transaction, and wakes whoever waits for one.
#[derive(Debug)]
pub(crate) struct OnLabelChanged(pub(crate) App);

#[async_trait]
impl Handler for OnLabelChanged {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let states = events.iter().map(state).collect::<Result<Vec<_>, DecodeError>>()?;
        let states = states.into_iter().flatten().collect();
        let app = &self.0;
        app.db.tenants(&tenants_of(events), async |connection| learn_labels(connection, states).await).await?;
        app.label_arrivals.announce();
        Ok(())
    }
}

/// The label as the event leaves it; `None` for a kind that is none of labels.
fn state(event: &Event) -> Result<Option<LabelState>, DecodeError> {
    let tenant = event.tenant_id;
    if event.is::<LabelCreated>() {
        let LabelCreated { label_id, name, version, .. } = event.decode()?;
        return Ok(Some(present(tenant, label_id, name, version)));
    }
    if event.is::<LabelUpdated>() {
        let LabelUpdated { label_id, name, version, .. } = event.decode()?;
        return Ok(Some(present(tenant, label_id, name, version)));
    }
    if event.is::<LabelDeleted>() {
        let LabelDeleted { label_id, name, version } = event.decode()?;
        return Ok(Some(LabelState { tenant, label: label_id, name, version, deleted: true }));
    }
    Ok(None)
}

fn present(tenant: TenantId, label: LabelId, name: String, version: i32) -> LabelState {
    LabelState { tenant, label, name, version, deleted: false }
}
