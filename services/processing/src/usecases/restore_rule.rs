//! Brings a rule back to what it was at an earlier version, as a new version; a deleted rule, too.

use common::RuleId;
use common::event::{Cause, Event, RuleCreated};
use db::{Connection, DbError};

use super::update_rule::{UpdateRuleError, update_rule};
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::rule::{NewRule, Rule, RuleVersion, Saved};
use crate::store::{labels, rule_sets, rule_versions, rules};

#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreRuleError {
    #[error("there never was such a rule")]
    NotFound,
    #[error("the rule has no such version")]
    VersionNotFound,
    #[error(transparent)]
    Update(#[from] UpdateRuleError),
}

impl From<DbError> for RestoreRuleError {
    fn from(error: DbError) -> Self {
        Self::Update(error.into())
    }
}

/// The label is looked up by its name of the time.
pub(crate) async fn restore_rule(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RuleId,
    expected: Option<i32>,
    version: i32,
) -> Result<Saved, RestoreRuleError> {
    let tenant = cause.tenant_id;
    let newest = rule_versions::list(connection, tenant, id, None, 1).await?.pop().ok_or(RestoreRuleError::NotFound)?;
    let wanted = rule_versions::find(connection, tenant, id, version).await?;
    let wanted = wanted.ok_or(RestoreRuleError::VersionNotFound)?;
    if rules::find_and_lock(connection, tenant, id).await?.is_some() {
        return Ok(update_rule(connection, app, cause, id, expected, wanted.as_change()).await?);
    }
    if expected.is_some_and(|expected| expected != newest.state.version) {
        return Err(UpdateRuleError::VersionConflict(newest.state.version).into());
    }
    let rule = bring_back(connection, app, cause, wanted, newest.state.version + 1).await?;
    Ok(Saved { rule, warnings: Vec::new() })
}

/// Makes the deleted rule anew under its own id, its versions going on.
async fn bring_back(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    wanted: RuleVersion,
    version: i32,
) -> Result<Rule, UpdateRuleError> {
    let RuleVersion { state, description, .. } = wanted;
    let label = labels::find_by_name(connection, cause.tenant_id, &state.label).await?;
    let label = label.ok_or_else(|| UpdateRuleError::UnknownLabel(state.label.clone()))?;
    let lists = crate::store::value_lists::of_condition(connection, cause.tenant_id, &state.condition).await?;
    classifier::Condition::compile_with(&state.condition, &lists)?;
    let new = NewRule {
        id: state.rule_id,
        name: state.name,
        condition: state.condition,
        label: state.label,
        priority: state.priority,
        status: state.status,
        requires_review: state.requires_review,
        description,
        origin: state.origin,
    };
    let rule = Rule { version, ..new.first_version(cause.tenant_id, label, cause.at) };
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    rules::insert(connection, &rule).await.map_err(|error| match error.unique_constraint() {
        Some(rules::NAME_UNIQUE) => UpdateRuleError::NameTaken(rule.name.clone()),
        // Two at once brought it back; the other was first.
        Some(_) => UpdateRuleError::VersionConflict(version),
        None => UpdateRuleError::Db(error),
    })?;
    rule_versions::append(connection, &rule, &cause.actor).await?;
    next.publish(connection, cause.at).await?;
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &RuleCreated { rule: rule.state() })]).await?;
    Ok(rule)
}
