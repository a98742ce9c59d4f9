//! What the author of a rule should know before it decides: told, and never in the way of saving.

use std::sync::Arc;

use common::event::Cause;
use common::rule::RuleStatus;
use db::{Connection, DbError};

use super::preview_rule::{PreviewRuleError, Silent, preview_rule, rules_of_now};
use crate::app::App;
use crate::domain::preview::{Candidate, Preview};
use crate::domain::rule::{RuleWarning, WarningKind};
use crate::rule_book::TenantRules;
use crate::store::history::Span;

/// Newest records that a rule is tried on when it is saved; few, since its author waits.
const RECORDS: u32 = 1_000;
/// With fewer records, that none matched says nothing.
const TELLING: u64 = 100;

/// Looks at the rules and at recent records. To be called before the rule set's next version is begun: rules that
/// are not committed must not be compiled into the book.
pub(super) async fn warnings(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    status: RuleStatus,
    candidate: Candidate,
) -> Result<Vec<RuleWarning>, DbError> {
    if status == RuleStatus::Disabled {
        return Ok(Vec::new());
    }
    let rules = rules_of_now(connection, app, cause).await?;
    let mut found = of_others(&rules, &candidate);
    if candidate.condition.never_matches() {
        found.push(warning(WarningKind::NeverMatches, "No record can match the condition.".into()));
        return Ok(found);
    }
    let scope = (Span::default(), RECORDS);
    match preview_rule(connection, &rules, cause, candidate, scope, Silent).await {
        Ok(preview) => found.extend(of_history(&preview)),
        Err(PreviewRuleError::Db(error)) => return Err(error),
        Err(PreviewRuleError::UnknownLabel(_) | PreviewRuleError::Abandoned) => {}
    }
    Ok(found)
}

fn of_others(rules: &Arc<TenantRules>, candidate: &Candidate) -> Vec<RuleWarning> {
    let canonical = candidate.condition.canonical();
    let others = rules.set().rules().iter().filter(|rule| Some(rule.source().id) != candidate.replaces);
    let same = others.filter(|rule| rule.condition().is_some_and(|condition| condition.canonical() == canonical));
    same.map(|rule| {
        let rule = rule.source();
        let (kind, message) = if rule.label == candidate.label {
            (WarningKind::Duplicate, format!("Rule {:?} has the same condition and label.", rule.name))
        } else {
            let message = format!("Rule {:?} has the same condition and gives {:?}.", rule.name, rule.label);
            (WarningKind::SameConditionOtherLabel, message)
        };
        RuleWarning { kind, message, rule_id: Some(rule.id) }
    })
    .collect()
}

fn of_history(preview: &Preview) -> Vec<RuleWarning> {
    let mut found = Vec::new();
    if preview.matched == 0 && preview.evaluated >= TELLING {
        let message = format!("None of the newest {} records matches.", preview.evaluated);
        found.push(warning(WarningKind::NoRecentMatch, message));
    }
    if preview.matched > 0 && preview.shadowed == preview.matched {
        let first = preview.overlaps().into_iter().find(|overlap| overlap.keeps > 0).cloned();
        let by = first.as_ref().map_or_else(String::new, |rule| format!(", mostly {:?}", rule.name));
        let message = format!("Of recent records it matches {}, and rules before it decide all{by}.", preview.matched);
        found.push(RuleWarning { rule_id: first.map(|rule| rule.rule_id), ..warning(WarningKind::Shadowed, message) });
    }
    let (agree, contradict) = (preview.agrees_with_people, preview.contradicts_people);
    if contradict > agree {
        let message =
            format!("Of recent matches that people decided, {contradict} have another label, {agree} this one.");
        found.push(warning(WarningKind::ContradictsPeople, message));
    }
    found
}

fn warning(kind: WarningKind, message: String) -> RuleWarning {
    RuleWarning { kind, message, rule_id: None }
}
