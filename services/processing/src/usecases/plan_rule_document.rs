//! What a document of rules would do: which rules and lists change, and which past records would be decided otherwise.

use std::collections::HashSet;

use classifier::{Condition, RecordView, RuleSet, RuleSource, ValueList, ValueLists};
use common::event::Cause;
use common::record::Stage;
use common::{RuleId, Violation};
use db::{Connection, DbError};

use crate::domain::preview::Past;
use crate::domain::rule_document::{ListStep, RuleDocument, RulePlan};
use crate::store::history::{self, Span};
use crate::store::{labels, rule_sets, rules, value_lists};

/// Newest records that a document is tried on.
const RECORDS: u32 = 10_000;

/// A plan, whether it can be carried out, and what it would do.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: RulePlan,
    /// The rule set that it was made for.
    pub(crate) rule_set_version: i64,
    /// What is in the way.
    pub(crate) violations: Vec<Violation>,
}

/// What would become of past records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Impact {
    pub(crate) evaluated: u64,
    /// Records of machines that would have another label, or none.
    pub(crate) would_change: u64,
    /// Records where the rules would say another label than a person chose.
    pub(crate) contradicts_people: u64,
}

/// Compares the document with what there is.
pub(crate) async fn plan_rule_document(
    connection: &mut Connection,
    cause: &Cause,
    document: RuleDocument,
    prune: bool,
) -> Result<Planned, DbError> {
    let tenant = cause.tenant_id;
    let mut violations = document.violations();
    let there = rules::list(connection, tenant, rules::RuleFilter::default(), None, i64::MAX).await?;
    let lists = value_lists::list(connection, tenant, None, i64::MAX).await?;
    let known = labels::list(connection, tenant, None, i64::MAX).await?;
    let labels: HashSet<String> = known.into_iter().map(|label| label.name).collect();
    let named: Vec<(String, String)> =
        document.rules.iter().map(|rule| (rule.condition.clone(), rule.label.clone())).collect();
    let plan = document.plan(there, lists, prune);
    let lists = lists_of(&plan);
    for (index, (condition, label)) in named.iter().enumerate() {
        if !labels.contains(label) {
            let message = format!("there is no label {label:?}");
            violations.push(Violation::new(format!("rules[{index}].label"), "unknown_label", message));
        }
        if let Err(error) = Condition::compile_with(condition, &lists) {
            let path = format!("rules[{index}].condition");
            violations.push(Violation::new(path, "invalid_condition", error.to_string()));
        }
    }
    let rule_set_version = rule_sets::heads(connection, &[tenant]).await?.first().map_or(0, |head| head.version);
    Ok(Planned { plan, rule_set_version, violations })
}

/// Decides recent records by the rules as they would be, and compares with what stands.
pub(crate) async fn impact_of(connection: &mut Connection, cause: &Cause, plan: &RulePlan) -> Result<Impact, DbError> {
    let span = Span::default();
    let rows = history::batch(connection, cause.tenant_id, span, span.start(cause.at), RECORDS).await?;
    let (sources, lists) = (sources_of(plan), lists_of(plan));
    let work = move || {
        let rules = RuleSet::compile_after(&RuleSet::default(), 0, sources, lists);
        let mut impact = Impact::default();
        for row in rows {
            impact.add(&rules, &Past::try_from(row)?);
        }
        Ok::<_, DbError>(impact)
    };
    tokio::task::spawn_blocking(work).await.expect("counting does not panic")
}

impl Impact {
    fn add(&mut self, rules: &RuleSet, past: &Past) {
        self.evaluated += 1;
        let verdict = rules.decide(&RecordView::new(&past.normalized, &past.source));
        let label = verdict.matched.map(|rule| rule.source().label.as_str());
        match past.standing.stage {
            Stage::Human if label.is_some() && label != past.standing.label.as_deref() => self.contradicts_people += 1,
            // What a later stage decided, it will decide again where no rule does.
            Stage::Rule | Stage::None if label != past.standing.label.as_deref() => self.would_change += 1,
            Stage::Embedding | Stage::Llm if label.is_some() && label != past.standing.label.as_deref() => {
                self.would_change += 1;
            }
            Stage::Human | Stage::Rule | Stage::None | Stage::Embedding | Stage::Llm => {}
        }
    }
}

fn lists_of(plan: &RulePlan) -> ValueLists {
    let lists = plan.lists.iter().filter_map(ListStep::outcome);
    lists.map(|(name, values)| (name, ValueList::new(0, values))).collect()
}

/// The rules as they would be; new ones come after those of their priority.
fn sources_of(plan: &RulePlan) -> Vec<RuleSource> {
    let outcomes = plan.rules.iter().filter_map(|step| {
        let (id, rule) = step.outcome();
        Some((id, rule?))
    });
    outcomes
        .map(|(id, rule)| RuleSource {
            id: id.unwrap_or_else(RuleId::generate),
            version: 0,
            name: rule.name,
            condition: rule.condition,
            label: rule.label,
            priority: rule.priority,
            status: rule.status,
            requires_review: rule.requires_review,
        })
        .collect()
}

/// The labels that the plan needs, each once, in order.
pub(super) fn labels_needed(plan: &RulePlan) -> Vec<String> {
    let labels: HashSet<String> =
        plan.rules.iter().filter_map(|step| step.outcome().1).map(|rule| rule.label).collect();
    let mut labels: Vec<String> = labels.into_iter().collect();
    labels.sort_unstable();
    labels
}
