//! Approve: the proposal stands.

use common::event::{ApprovalOutcome, Cause};
use common::{ApprovalId, DecisionId, Identity};
use db::{Connection, DbError};

use super::decide::decide;
use super::open_question::{NotOpen, open_question};
use crate::app::App;
use crate::domain::{Answer, Approval};

/// Why a proposal was not approved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApproveError {
    #[error(transparent)]
    NotOpen(#[from] NotOpen),
    #[error("the proposal has no label")]
    NoLabel,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Decides the record as proposed.
pub(crate) async fn approve(
    connection: &mut Connection,
    app: &App,
    identity: &Identity,
    cause: &Cause,
    id: ApprovalId,
    expected_version: Option<i32>,
    comment: Option<String>,
) -> Result<Approval, ApproveError> {
    let approval = open_question(connection, identity, cause.at, id, expected_version).await?;
    let label = approval.proposal.label.clone().ok_or(ApproveError::NoLabel)?;
    let answer = Answer {
        by: cause.actor.clone(),
        at: cause.at,
        outcome: ApprovalOutcome::Approve,
        label,
        comment,
        rule_id: None,
        decision_id: DecisionId::generate(),
    };
    Ok(decide(connection, app, identity, cause, approval, answer, None).await?)
}
