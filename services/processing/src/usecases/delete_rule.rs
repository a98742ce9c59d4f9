//! Deletes a rule. Its versions stay, because decisions name them.

use common::RuleId;
use common::event::{Cause, Event, RuleDeleted};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::rule::Rule;
use crate::store::{rule_sets, rules};

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteRuleError {
    #[error("there is no such rule")]
    NotFound,
    #[error("the rule is at version {0}")]
    VersionConflict(i32),
    #[error("the rule cannot be deleted")]
    Db(#[from] DbError),
}

pub(crate) async fn delete_rule(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RuleId,
    expected: Option<i32>,
) -> Result<Rule, DeleteRuleError> {
    let rule = rules::find_and_lock(connection, cause.tenant_id, id).await?.ok_or(DeleteRuleError::NotFound)?;
    if expected.is_some_and(|version| version != rule.version) {
        return Err(DeleteRuleError::VersionConflict(rule.version));
    }
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    rules::delete(connection, &rule).await?;
    next.publish(connection, cause.at).await?;
    let deleted = RuleDeleted { rule_id: rule.id, name: rule.name.clone(), version: rule.version };
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &deleted)]).await?;
    Ok(rule)
}
