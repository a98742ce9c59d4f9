//! REPROCESSED: a record was decided again, and a question about an earlier decision may be answered by that.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{Event, ReprocessOutcome, Reprocessed};
use common::record::RecordStatus;
use common::{Actor, RecordId, TenantId};

use super::tenants_of;
use crate::app::App;
use crate::store::queue::expire_answered;

/// The service that decides.
const DECIDER: &str = "processing";

/// Ends pending questions about records that need no person any more. Later questions stay.
#[derive(Debug)]
pub(crate) struct OnReprocessed(pub(crate) App);

#[async_trait]
impl Handler for OnReprocessed {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let mut answered: Vec<(TenantId, RecordId, i32)> = Vec::new();
        for event in events {
            let news: Reprocessed = event.decode()?;
            if news.outcome != ReprocessOutcome::Changed {
                continue;
            }
            match news.status {
                RecordStatus::Classified => answered.push((event.tenant_id, news.record_id, news.sequence)),
                // A person's decision, by an operation: it answers the last question, too.
                RecordStatus::Approved | RecordStatus::Overridden => {
                    answered.push((event.tenant_id, news.record_id, news.sequence + 1));
                }
                _ => {}
            }
        }
        if answered.is_empty() {
            return Ok(());
        }
        let (app, now) = (&self.0, self.0.clock.now());
        let decider = Actor::service(DECIDER);
        Ok(app
            .db
            .tenants(&tenants_of(events), async |connection| {
                expire_answered(connection, &answered, &decider, now).await
            })
            .await?)
    }
}
