//! Carries out what a document of rules says: all of it, as one new rule set, or nothing.

use std::collections::HashMap;

use common::event::{Cause, Event, RuleCreated, RuleDeleted, RuleUpdated};
use common::rule::RuleOrigin;
use common::{LabelId, RuleId, ValueListId, Violation};
use db::{Connection, DbError};

use super::plan_rule_document::{Planned, labels_needed, plan_rule_document};
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::rule::{NewRule, Rule};
use crate::domain::rule_document::{DocumentList, DocumentRule, ListStep, RuleDocument, RuleStep};
use crate::domain::value_list::{NamedList, sorted};
use crate::store::{labels, rule_sets, rule_versions, rules, value_lists};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyRuleDocumentError {
    #[error("the document cannot be carried out")]
    Invalid(Vec<Violation>),
    #[error("the rules have changed since: they are at rule set {0}")]
    Changed(i64),
    #[error("a rule or list of the document was made in the meantime")]
    NameTaken,
    #[error("the rules cannot be stored")]
    Db(#[from] DbError),
}

/// With `expected`, only onto the rule set of that version.
pub(crate) async fn apply_rule_document(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    document: RuleDocument,
    (prune, expected): (bool, Option<i64>),
) -> Result<Planned, ApplyRuleDocumentError> {
    // Locks go rule, label, list, rule set, as everywhere.
    rules::lock_all(connection, cause.tenant_id).await?;
    let planned = plan_rule_document(connection, cause, document, prune).await?;
    if !planned.violations.is_empty() {
        return Err(ApplyRuleDocumentError::Invalid(planned.violations));
    }
    let mut label_ids = HashMap::new();
    for name in labels_needed(&planned.plan) {
        let id = labels::find_by_name(connection, cause.tenant_id, &name).await?;
        label_ids.extend(id.map(|id| (name, id)));
    }
    value_lists::lock_all(connection, cause.tenant_id).await?;
    if expected.is_some_and(|expected| expected != planned.rule_set_version) {
        return Err(ApplyRuleDocumentError::Changed(planned.rule_set_version));
    }
    if planned.plan.changes_nothing() {
        return Ok(planned);
    }
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    if expected.is_some() && next.version() != planned.rule_set_version + 1 {
        return Err(ApplyRuleDocumentError::Changed(next.version() - 1));
    }
    let mut events = Vec::new();
    for step in &planned.plan.lists {
        events.extend(carry_out_list(connection, cause, step).await?);
    }
    for step in &planned.plan.rules {
        events.extend(carry_out(connection, cause, step, &label_ids).await?);
    }
    next.publish(connection, cause.at).await?;
    app.outbox.append(connection, &events).await?;
    Ok(planned)
}

async fn carry_out(
    connection: &mut Connection,
    cause: &Cause,
    step: &RuleStep,
    labels: &HashMap<String, LabelId>,
) -> Result<Option<Event>, ApplyRuleDocumentError> {
    Ok(match step {
        RuleStep::Keep(_) => None,
        RuleStep::Create(wanted) => {
            let rule = new_rule(cause, wanted, label_of(labels, &wanted.label)?);
            rules::insert(connection, &rule).await.map_err(taken)?;
            rule_versions::append(connection, &rule, &cause.actor).await?;
            Some(Event::new(cause, SERVICE, &RuleCreated { rule: rule.state() }))
        }
        RuleStep::Update(before, wanted, _) => {
            let label = label_of(labels, &wanted.label)?;
            let Some(after) = before.changed(wanted.as_change(), Some(label), cause.at) else { return Ok(None) };
            rules::update(connection, &after).await?;
            rule_versions::append(connection, &after, &cause.actor).await?;
            Some(Event::new(cause, SERVICE, &RuleUpdated { rule: after.state(), before: before.state() }))
        }
        RuleStep::Delete(rule) => {
            rules::delete(connection, rule).await?;
            let deleted = RuleDeleted { rule_id: rule.id, name: rule.name.clone(), version: rule.version };
            Some(Event::new(cause, SERVICE, &deleted))
        }
    })
}

async fn carry_out_list(
    connection: &mut Connection,
    cause: &Cause,
    step: &ListStep,
) -> Result<Option<Event>, ApplyRuleDocumentError> {
    Ok(match step {
        ListStep::Keep(_) => None,
        ListStep::Create(wanted) => {
            let list = new_list(cause, wanted);
            value_lists::insert(connection, &list).await.map_err(taken)?;
            value_lists::append_version(connection, &list, &cause.actor).await?;
            Some(Event::new(cause, SERVICE, &list.created()))
        }
        ListStep::Update(before, wanted) => {
            let Some(after) = before.changed(wanted.as_change(), cause.at) else { return Ok(None) };
            value_lists::update(connection, &after).await?;
            value_lists::append_version(connection, &after, &cause.actor).await?;
            Some(Event::new(cause, SERVICE, &after.updated(before)))
        }
        ListStep::Delete(list) => {
            value_lists::delete(connection, list).await?;
            Some(Event::new(cause, SERVICE, &list.deleted()))
        }
    })
}

fn new_rule(cause: &Cause, wanted: &DocumentRule, label: LabelId) -> Rule {
    let new = NewRule {
        id: RuleId::generate(),
        name: wanted.name.clone(),
        condition: wanted.condition.clone(),
        label: wanted.label.clone(),
        priority: wanted.priority,
        status: wanted.status,
        requires_review: wanted.requires_review,
        description: wanted.description.clone(),
        origin: RuleOrigin::Import,
    };
    new.first_version(cause.tenant_id, label, cause.at)
}

fn new_list(cause: &Cause, wanted: &DocumentList) -> NamedList {
    NamedList {
        id: ValueListId::generate(),
        tenant_id: cause.tenant_id,
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        values: sorted(wanted.values.iter().cloned()),
        version: 1,
        created_at: cause.at,
        updated_at: cause.at,
    }
}

/// The label was there when the plan was made; deleted since, the plan no longer holds.
fn label_of(labels: &HashMap<String, LabelId>, name: &str) -> Result<LabelId, ApplyRuleDocumentError> {
    labels.get(name).copied().ok_or_else(|| {
        let message = format!("there is no label {name:?}");
        ApplyRuleDocumentError::Invalid(vec![Violation::new("rules", "unknown_label", message)])
    })
}

fn taken(error: DbError) -> ApplyRuleDocumentError {
    match error.unique_constraint() {
        Some(_) => ApplyRuleDocumentError::NameTaken,
        None => ApplyRuleDocumentError::Db(error),
    }
}
