//! RECORD_ARCHIVED and RECORD_RESTORED: an archived record is nobody's question.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{DecodeError, Event, RecordArchived, RecordRestored};

use super::tenants_of;
use crate::app::App;
use crate::store::archived::Shelving;
use crate::usecases::shelve_questions;

/// Closes questions about archived records, and opens them again.
#[derive(Debug)]
pub(crate) struct OnRecordShelved(pub(crate) App);

#[async_trait]
impl Handler for OnRecordShelved {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let shelvings = events.iter().map(shelving).collect::<Result<Vec<_>, DecodeError>>()?;
        let shelvings = shelvings.into_iter().flatten().collect();
        let (app, now) = (&self.0, self.0.clock.now());
        Ok(app
            .db
            .tenants(&tenants_of(events), async |connection| shelve_questions(connection, shelvings, now).await)
            .await?)
    }
}

fn shelving(event: &Event) -> Result<Option<Shelving>, DecodeError> {
    let (record, archived) = if event.is::<RecordArchived>() {
        (event.decode::<RecordArchived>()?.record_id, true)
    } else if event.is::<RecordRestored>() {
        (event.decode::<RecordRestored>()?.record_id, false)
    } else {
        return Ok(None);
    };
    Ok(Some(Shelving { tenant: event.tenant_id, record, archived, at: event.occurred_at, by: event.actor.clone() }))
}
