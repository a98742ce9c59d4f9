//! `/rules/import`: a document of rules, first as a plan, then carried out.

pub(crate) mod apply;
pub(crate) mod plan;

use std::collections::HashSet;

use common::{RuleId, Violation};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::rule_document::{ListStep, RulePlan, RuleStep};
use crate::usecases::plan_rule_document::Planned;

/// What a document changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePlan)]
pub(crate) struct PlanResponse {
    /// The rule set that it was compared with; for `expectedRuleSetVersion`.
    rule_set_version: i64,
    created: usize,
    updated: usize,
    deleted: usize,
    unchanged: usize,
    /// The rules that change.
    rules: Vec<RuleStepResponse>,
    /// The value lists that change.
    lists: Vec<ListStepResponse>,
    /// What is in the way; empty when it can be applied.
    errors: Vec<PlanErrorResponse>,
    /// What it would do to the newest 10,000 records; null while something is in the way, and once applied.
    impact: Option<ImpactResponse>,
}

/// What happens to a rule or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RulePlanAction)]
pub(crate) enum Action {
    Create,
    Update,
    Delete,
}

/// A rule that changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePlanStep)]
pub(crate) struct RuleStepResponse {
    action: Action,
    /// Null of one that is to be made.
    rule_id: Option<RuleId>,
    name: String,
    /// The fields that get another value.
    changes: Vec<FieldResponse>,
}

/// A field that gets another value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePlanField)]
pub(crate) struct FieldResponse {
    field: &'static str,
    from: Value,
    to: Value,
}

/// A value list that changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePlanList)]
pub(crate) struct ListStepResponse {
    action: Action,
    name: String,
    /// Values that come.
    added: usize,
    /// Values that go.
    removed: usize,
}

/// Something in the way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePlanError)]
pub(crate) struct PlanErrorResponse {
    path: String,
    rule: String,
    message: String,
}

/// What would become of past records.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePlanImpact)]
pub(crate) struct ImpactResponse {
    pub(super) evaluated: u64,
    /// Records decided by rules, or by nobody, that would have another label or none.
    pub(super) would_change: u64,
    /// Records where the rules would say another label than a person chose; these stand.
    pub(super) contradicts_human: u64,
}

impl PlanResponse {
    fn new(planned: &Planned, impact: Option<ImpactResponse>) -> Self {
        let RulePlan { rules, lists } = &planned.plan;
        let steps: Vec<RuleStepResponse> = rules.iter().filter_map(rule_step).collect();
        let count = |action: Action| steps.iter().filter(|step| step.action == action).count();
        Self {
            rule_set_version: planned.rule_set_version,
            created: count(Action::Create),
            updated: count(Action::Update),
            deleted: count(Action::Delete),
            unchanged: rules.len() - steps.len(),
            lists: lists.iter().filter_map(list_step).collect(),
            errors: planned.violations.iter().cloned().map(PlanErrorResponse::from).collect(),
            impact,
            rules: steps,
        }
    }
}

impl From<Violation> for PlanErrorResponse {
    fn from(violation: Violation) -> Self {
        Self { path: violation.path, rule: violation.rule, message: violation.message }
    }
}

fn rule_step(step: &RuleStep) -> Option<RuleStepResponse> {
    let (action, rule_id, name, changes) = match step {
        RuleStep::Keep(_) => return None,
        RuleStep::Create(wanted) => (Action::Create, None, &wanted.name, [].as_slice()),
        RuleStep::Update(there, wanted, changes) => (Action::Update, Some(there.id), &wanted.name, changes.as_slice()),
        RuleStep::Delete(there) => (Action::Delete, Some(there.id), &there.name, [].as_slice()),
    };
    let changes = changes.iter().cloned();
    let changes = changes.map(|one| FieldResponse { field: one.field, from: one.from, to: one.to }).collect();
    Some(RuleStepResponse { action, rule_id, name: name.clone(), changes })
}

fn list_step(step: &ListStep) -> Option<ListStepResponse> {
    let (action, name, before, after) = match step {
        ListStep::Keep(_) => return None,
        ListStep::Create(wanted) => (Action::Create, &wanted.name, [].as_slice(), wanted.values.as_slice()),
        ListStep::Update(there, wanted) => {
            (Action::Update, &wanted.name, there.values.as_slice(), wanted.values.as_slice())
        }
        ListStep::Delete(there) => (Action::Delete, &there.name, there.values.as_slice(), [].as_slice()),
    };
    let missing = |of: &[String], from: &[String]| {
        let there: HashSet<&String> = from.iter().collect();
        of.iter().collect::<HashSet<_>>().difference(&there).count()
    };
    let (added, removed) = (missing(after, before), missing(before, after));
    Some(ListStepResponse { action, name: name.clone(), added, removed })
}
