//! Makes a rule, and with it the tenant's next rule set.

use classifier::{Condition, ConditionError};
use common::LabelId;
use common::event::{Cause, Event, RuleCreated};
use db::{Connection, DbError};

use super::warn_of_rule::warnings;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::preview::Candidate;
use crate::domain::rule::{NewRule, Rule, Saved};
use crate::store::rule_sets::{self, NextRuleSet};
use crate::store::{labels, rule_versions, rules, value_lists};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateRuleError {
    #[error("a rule of the name {0:?} exists")]
    NameTaken(String),
    #[error("there is no label of the name {0:?}")]
    UnknownLabel(String),
    #[error("the condition cannot be used")]
    InvalidCondition(#[from] ConditionError),
    #[error("the rule cannot be stored")]
    Db(#[from] DbError),
}

/// Locks are taken in the order label, rule set everywhere, so that rule changes cannot lock each other out.
pub(crate) async fn create_rule(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    new: NewRule,
) -> Result<Saved, CreateRuleError> {
    let (label, condition) = check(connection, cause, &new).await?;
    let candidate = Candidate {
        condition,
        label: new.label.clone(),
        priority: new.priority,
        requires_review: new.requires_review,
        replaces: None,
    };
    let warnings = warnings(connection, app, cause, new.status, candidate).await?;
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    Ok(Saved { rule: add(connection, app, cause, new, label, next).await?, warnings })
}

/// The label's id and the condition, once they are found good.
async fn check(
    connection: &mut Connection,
    cause: &Cause,
    new: &NewRule,
) -> Result<(LabelId, Condition), CreateRuleError> {
    let label = labels::find_by_name(connection, cause.tenant_id, &new.label).await?;
    let label = label.ok_or_else(|| CreateRuleError::UnknownLabel(new.label.clone()));
    let lists = value_lists::of_condition(connection, cause.tenant_id, &new.condition).await?;
    let condition = Condition::compile_with(&new.condition, &lists)?;
    Ok((label?, condition))
}

/// Stores the checked rule, publishes the rule set and tells of it.
pub(super) async fn add(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    new: NewRule,
    label: LabelId,
    next: NextRuleSet,
) -> Result<Rule, CreateRuleError> {
    let rule = new.first_version(cause.tenant_id, label, cause.at);
    rules::insert(connection, &rule).await.map_err(|error| match error.unique_constraint() {
        Some(rules::NAME_UNIQUE) => CreateRuleError::NameTaken(rule.name.clone()),
        Some(_) | None => CreateRuleError::Db(error),
    })?;
    rule_versions::append(connection, &rule, &cause.actor).await?;
    next.publish(connection, cause.at).await?;
    let created = RuleCreated { rule: rule.state() };
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &created)]).await?;
    Ok(rule)
}
