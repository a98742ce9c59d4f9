//! Lets a rule on trial decide.

use common::RuleId;
use common::event::Cause;
use common::rule::RuleStatus;
use db::{Connection, DbError};

use super::update_rule::{UpdateRuleError, update_rule};
use crate::app::App;
use crate::domain::rule::{RuleChange, Saved};
use crate::store::rules;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PromoteRuleError {
    #[error("the rule is {}, not on trial", .0.as_str())]
    NotInShadow(RuleStatus),
    #[error(transparent)]
    Update(#[from] UpdateRuleError),
}

impl From<DbError> for PromoteRuleError {
    fn from(error: DbError) -> Self {
        Self::Update(error.into())
    }
}

/// One that decides already stays as it is.
pub(crate) async fn promote_rule(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RuleId,
    expected: Option<i32>,
) -> Result<Saved, PromoteRuleError> {
    let rule = rules::find_and_lock(connection, cause.tenant_id, id).await?.ok_or(UpdateRuleError::NotFound)?;
    if rule.status == RuleStatus::Disabled {
        return Err(PromoteRuleError::NotInShadow(rule.status));
    }
    let change = RuleChange { status: Some(RuleStatus::Active), ..RuleChange::default() };
    Ok(update_rule(connection, app, cause, id, expected, change).await?)
}
