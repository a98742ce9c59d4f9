//! Makes the rule that a proposal suggests.

use common::event::Cause;
use common::rule::{RuleOrigin, RuleStatus};
use common::{RuleId, RuleProposalId};
use db::{Connection, DbError};

use super::create_rule::{CreateRuleError, create_rule};
use super::propose_rules::propose_rules;
use crate::app::App;
use crate::domain::rule::{NewRule, Saved, free_name};
use crate::store::rules;

/// How a proposal is accepted.
#[derive(Clone, Debug)]
pub(crate) struct Acceptance {
    /// In place of the name that the proposal suggests.
    pub(crate) name: Option<String>,
    pub(crate) priority: i32,
    pub(crate) status: RuleStatus,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptProposalError {
    #[error("there is no such proposal")]
    NotFound,
    #[error(transparent)]
    Create(#[from] CreateRuleError),
}

impl From<DbError> for AcceptProposalError {
    fn from(error: DbError) -> Self {
        Self::Create(error.into())
    }
}

pub(crate) async fn accept_proposal(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RuleProposalId,
    acceptance: Acceptance,
) -> Result<Saved, AcceptProposalError> {
    let proposals = propose_rules(connection, app, cause).await?;
    let proposal = proposals.into_iter().find(|proposal| proposal.id == id).ok_or(AcceptProposalError::NotFound)?;
    let suggestion = proposal.suggestion;
    let name = match acceptance.name {
        Some(name) => name,
        None => free_name(&suggestion.name, &rules::names(connection, cause.tenant_id).await?),
    };
    let new = NewRule {
        id: RuleId::generate(),
        name,
        description: format!("Proposed from people's decisions: it {}.", suggestion.summary()),
        condition: suggestion.condition,
        label: suggestion.label,
        priority: acceptance.priority,
        status: acceptance.status,
        requires_review: false,
        origin: RuleOrigin::Proposal,
    };
    Ok(create_rule(connection, app, cause, new).await?)
}
