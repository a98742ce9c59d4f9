//! `APPROVED` and `RULE_REQUESTED`: what people decided, and the rules that they asked for with it.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::DateTime;
use common::event::{Approved, Cause, DecodeError, Event, RuleRequested};

use super::tenants_of;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::usecases::accept_approvals::{Approval, accept_approvals};
use crate::usecases::create_rule::CreateRuleError;
use crate::usecases::fulfil_rule_request::fulfil_rule_requests;

#[derive(Debug)]
pub(crate) struct Feedback {
    app: Arc<App>,
}

impl Feedback {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Handler for Feedback {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let now = self.app.clock.now();
        let approvals = approvals_of(events)?;
        let mut requests = requests_of(events, now)?;
        // A request locks its tenant's rule set, so tenants must come in one order in every batch.
        requests.sort_by_key(|(cause, _)| cause.tenant_id);
        let tenants = tenants_of(events);
        self.app
            .db
            .tenants(&tenants, async |connection| {
                if !approvals.is_empty() {
                    accept_approvals(connection, &self.app, &tenants, &approvals).await?;
                }
                fulfil_rule_requests(connection, &self.app, requests).await?;
                Ok(())
            })
            .await
    }
}

fn approvals_of(events: &[Event]) -> Result<Vec<Approval>, DecodeError> {
    // What operations decide is made here and kept already. Heard of late, it would undo what took it back since.
    let approved = events.iter().filter(|event| event.is::<Approved>() && event.source_agent != SERVICE);
    approved
        .map(|event| Ok(Approval { tenant: event.tenant_id, actor: event.actor.clone(), approved: event.decode()? }))
        .collect()
}

/// The requests, each with its person as the one who makes the rule.
fn requests_of(events: &[Event], now: DateTime) -> Result<Vec<(Cause, RuleRequested)>, DecodeError> {
    let requested = events.iter().filter(|event| event.is::<RuleRequested>());
    requested
        .map(|event| {
            let actor = event.actor.clone();
            let cause = Cause { tenant_id: event.tenant_id, actor, trace: event.trace(), at: now };
            Ok((cause, event.decode()?))
        })
        .collect()
}

impl From<CreateRuleError> for HandleError {
    fn from(error: CreateRuleError) -> Self {
        match error {
            // A free name was looked for under the lock, so a taken one is a race that the next try wins.
            CreateRuleError::NameTaken(_) => Self::Transient(Box::new(error)),
            CreateRuleError::UnknownLabel(_) | CreateRuleError::InvalidCondition(_) => Self::Permanent(Box::new(error)),
            CreateRuleError::Db(error) => error.into(),
        }
    }
}
