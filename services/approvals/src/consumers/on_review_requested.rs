//! REVIEW_REQUESTED: a machine asks a person.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::event::{DecodeError, Event, ReviewRequested};

use super::tenants_of;
use crate::app::App;
use crate::store::queue::Question;
use crate::usecases::put_questions;

/// Puts the questions of a batch in one transaction.
#[derive(Debug)]
pub(crate) struct OnReviewRequested(pub(crate) App);

#[async_trait]
impl Handler for OnReviewRequested {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let questions = events.iter().map(question).collect::<Result<Vec<_>, DecodeError>>()?;
        let (app, now) = (&self.0, self.0.clock.now());
        Ok(app
            .db
            .tenants(&tenants_of(events), async |connection| put_questions(connection, questions, now).await)
            .await?)
    }
}

fn question(event: &Event) -> Result<Question, DecodeError> {
    let asked: ReviewRequested = event.decode()?;
    Ok(Question {
        tenant: event.tenant_id,
        sequence: asked.sequence,
        proposal: asked.proposal,
        candidates: asked.candidates,
        record: asked.record,
        requested_at: event.occurred_at,
        is_latest: false,
    })
}
