//! Receipts: what is stored of a decision, and how it is told rule by rule later.
//!
//! The list of a rule set's version never changes, so a receipt names only the version, how far down the list the
//! decision went, and the exceptions. That keeps it some bytes long however many rules there are.

use common::RuleId;
use serde::{Deserialize, Serialize};

use crate::rule_set::{RuleError, Verdict};

/// A rule of an immutable rule set's list: active rules only, in the order they are tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedRule {
    /// The rule.
    pub id: RuleId,
    /// Its version in this set.
    pub version: i32,
    /// Its name in this set.
    pub name: String,
}

/// What is stored of the rules' part in a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The rule that matched.
    #[serde(default)]
    pub matched: Option<RuleId>,
    /// How many rules of the list were tried.
    pub evaluated: u32,
    /// The rules among them that had no value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RuleError>,
}

/// What one rule came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleResult {
    /// It matched and decided.
    Matched,
    /// It was tried and did not match.
    NotMatched,
    /// Its condition had no value.
    Error,
    /// A rule before it had decided.
    NotReached,
}

/// One rule's outcome in a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleOutcome {
    /// The rule.
    pub rule_id: RuleId,
    /// Its version at the time.
    pub version: i32,
    /// Its name at the time.
    pub name: String,
    /// What it came to.
    pub outcome: RuleResult,
    /// Why it had no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<&Verdict<'_>> for Receipt {
    fn from(verdict: &Verdict<'_>) -> Self {
        Self {
            matched: verdict.matched.map(|rule| rule.source().id),
            evaluated: verdict.evaluated,
            errors: verdict.errors.clone(),
        }
    }
}

/// The outcome of every rule of the list.
#[must_use]
pub fn expand(list: &[ListedRule], receipt: &Receipt) -> Vec<RuleOutcome> {
    let reached = usize::try_from(receipt.evaluated).unwrap_or(usize::MAX);
    list.iter().enumerate().map(|(index, rule)| outcome_of(rule, index < reached, receipt)).collect()
}

fn outcome_of(rule: &ListedRule, reached: bool, receipt: &Receipt) -> RuleOutcome {
    let error = receipt.errors.iter().find(|error| error.rule_id == rule.id).map(|error| error.message.clone());
    let outcome = match (reached, receipt.matched == Some(rule.id), &error) {
        (_, true, _) => RuleResult::Matched,
        (false, ..) => RuleResult::NotReached,
        (true, false, Some(_)) => RuleResult::Error,
        (true, false, None) => RuleResult::NotMatched,
    };
    RuleOutcome { rule_id: rule.id, version: rule.version, name: rule.name.clone(), outcome, error }
}
