//! Changes a rule: a new version of it, and the tenant's next rule set.

use classifier::{Condition, ConditionError};
use common::RuleId;
use common::event::{Cause, Event, RuleUpdated};
use db::{Connection, DbError};

use super::warn_of_rule::warnings;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::preview::Candidate;
use crate::domain::rule::{RuleChange, Saved};
use crate::store::{labels, rule_sets, rule_versions, rules, value_lists};

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateRuleError {
    #[error("there is no such rule")]
    NotFound,
    #[error("the rule is at version {0}")]
    VersionConflict(i32),
    #[error("a rule of the name {0:?} exists")]
    NameTaken(String),
    #[error("there is no label of the name {0:?}")]
    UnknownLabel(String),
    #[error("the condition cannot be used")]
    InvalidCondition(#[from] ConditionError),
    #[error("the rule cannot be stored")]
    Db(#[from] DbError),
}

/// A change that names nothing different changes nothing: no version, no event.
pub(crate) async fn update_rule(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RuleId,
    expected: Option<i32>,
    change: RuleChange,
) -> Result<Saved, UpdateRuleError> {
    let before = rules::find_and_lock(connection, cause.tenant_id, id).await?.ok_or(UpdateRuleError::NotFound)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(UpdateRuleError::VersionConflict(before.version));
    }
    let label = match &change.label {
        Some(name) => {
            let found = labels::find_by_name(connection, cause.tenant_id, name).await?;
            Some(found.ok_or_else(|| UpdateRuleError::UnknownLabel(name.clone()))?)
        }
        None => None,
    };
    let condition = change.condition.as_ref().unwrap_or(&before.condition);
    let lists = value_lists::of_condition(connection, cause.tenant_id, condition).await?;
    let condition = Condition::compile_with(condition, &lists);
    if let (Some(_), Err(error)) = (&change.condition, &condition) {
        return Err(UpdateRuleError::InvalidCondition(error.clone()));
    }
    let Some(after) = before.changed(change, label, cause.at) else {
        return Ok(Saved { rule: before, warnings: Vec::new() });
    };
    let warnings = match condition {
        Ok(condition) if after.decides_otherwise_than(&before) => {
            let candidate = Candidate {
                condition,
                label: after.label.clone(),
                priority: after.priority,
                requires_review: after.requires_review,
                replaces: Some(id),
            };
            warnings(connection, app, cause, after.status, candidate).await?
        }
        Ok(_) | Err(_) => Vec::new(),
    };
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    rules::update(connection, &after).await.map_err(|error| match error.unique_constraint() {
        Some(rules::NAME_UNIQUE) => UpdateRuleError::NameTaken(after.name.clone()),
        Some(_) | None => UpdateRuleError::Db(error),
    })?;
    rule_versions::append(connection, &after, &cause.actor).await?;
    next.publish(connection, cause.at).await?;
    let updated = RuleUpdated { rule: after.state(), before: before.state() };
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &updated)]).await?;
    Ok(Saved { rule: after, warnings })
}
