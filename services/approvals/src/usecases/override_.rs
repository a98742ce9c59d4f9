//! Override: the person's label stands, and may become a rule.

use classifier::{Condition, ConditionError};
use common::event::{ApprovalOutcome, Cause, RuleRequested};
use common::{ApprovalId, DecisionId, Identity, Permission, RuleId};
use db::{Connection, DbError};

use super::decide::decide;
use super::open_question::{NotOpen, open_question};
use crate::app::App;
use crate::domain::{Answer, Approval, RuleWish, status_of_wish};
use crate::store::labels;

/// What the person decided.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub(crate) label: String,
    pub(crate) comment: Option<String>,
    pub(crate) rule: Option<RuleWish>,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OverrideError {
    #[error("the rule's condition is not usable")]
    Condition(#[from] ConditionError),
    #[error("the caller may not have such a rule made: {0} is missing")]
    Forbidden(Permission),
    #[error(transparent)]
    NotOpen(#[from] NotOpen),
    #[error("the tenant has no label {0:?}")]
    UnknownLabel(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Decides the record as the person says and, if asked to, requests a rule for its like.
pub(crate) async fn override_(
    connection: &mut Connection,
    app: &App,
    identity: &Identity,
    cause: &Cause,
    id: ApprovalId,
    expected_version: Option<i32>,
    wanted: Override,
) -> Result<Approval, OverrideError> {
    let mut rule = wanted.rule.map(|wish| request_rule(wish, identity, id, &wanted.label)).transpose()?;
    let approval = open_question(connection, identity, cause.at, id, expected_version).await?;
    let Some(label) = labels::find_by_name(connection, identity.tenant_id, &wanted.label).await? else {
        return Err(OverrideError::UnknownLabel(wanted.label));
    };
    if let Some(rule) = &mut rule {
        // The label may be renamed before processing hears of the wish.
        rule.label_id = Some(label);
    }
    let answer = Answer {
        by: cause.actor.clone(),
        at: cause.at,
        outcome: ApprovalOutcome::Override,
        label: wanted.label,
        comment: wanted.comment,
        rule_id: rule.as_ref().map(|rule| rule.rule_id),
        decision_id: DecisionId::generate(),
    };
    Ok(decide(connection, app, identity, cause, approval, answer, rule.as_ref()).await?)
}

/// The request for the rule. Its id is given out here, so that the answer can name a rule that processing will
/// only make once it hears of it.
fn request_rule(
    wish: RuleWish,
    identity: &Identity,
    approval_id: ApprovalId,
    label: &str,
) -> Result<RuleRequested, OverrideError> {
    Condition::compile(&wish.condition)?;
    let status = status_of_wish(wish.status, identity).map_err(OverrideError::Forbidden)?;
    Ok(RuleRequested {
        rule_id: RuleId::generate(),
        approval_id,
        name: wish.name,
        condition: wish.condition,
        label_id: None,
        label: label.to_owned(),
        priority: wish.priority,
        status,
    })
}
