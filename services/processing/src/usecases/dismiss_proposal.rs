//! Dismisses a proposal for good.

use common::RuleProposalId;
use common::event::{Cause, Event, RuleProposalDismissed};
use db::{Connection, DbError};

use super::propose_rules::propose_rules;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::store::dismissed_proposals::{self, Dismissal};

#[derive(Debug, thiserror::Error)]
pub(crate) enum DismissProposalError {
    #[error("there is no such proposal")]
    NotFound,
    #[error("the dismissal cannot be stored")]
    Db(#[from] DbError),
}

/// One that is dismissed already stays so.
pub(crate) async fn dismiss_proposal(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RuleProposalId,
) -> Result<(), DismissProposalError> {
    if dismissed_proposals::all(connection, cause.tenant_id).await?.contains(&id) {
        return Ok(());
    }
    let proposals = propose_rules(connection, app, cause).await?;
    let proposal = proposals.into_iter().find(|proposal| proposal.id == id).ok_or(DismissProposalError::NotFound)?;
    let suggestion = proposal.suggestion;
    let dismissal = Dismissal {
        tenant: cause.tenant_id,
        id,
        condition: &suggestion.condition,
        label: proposal.label_id,
        by: &cause.actor,
        at: cause.at,
    };
    if dismissed_proposals::insert(connection, dismissal).await? {
        let told = RuleProposalDismissed { proposal_id: id, condition: suggestion.condition, label: suggestion.label };
        app.outbox.append(connection, &[Event::new(cause, SERVICE, &told)]).await?;
    }
    Ok(())
}
