//! The cascade: which stage decides, and whether a person is asked.
//!
//! Rules are the only stage so far. A later one is tried where [`decide`] now gives up.

use common::RuleId;
use common::decision::{Reasoning, RuleRef, Thresholds, WhyHuman};
use common::record::{RecordStatus, Stage};

use crate::receipt::Receipt;
use crate::rule_set::{CompiledRule, RuleSet, Verdict};
use crate::view::RecordView;

/// Confidence in what a rule says: its author is taken at their word.
const RULE_CONFIDENCE: f64 = 1.0;

/// What the cascade came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The label, decided or proposed.
    pub label: Option<String>,
    /// The stage that came to it.
    pub stage: Stage,
    /// Probability that the label is right.
    pub confidence: Option<f64>,
    /// `Classified`, or `PendingReview` when a person is asked.
    pub status: RecordStatus,
    /// What it rests on, for people.
    pub reasoning: Reasoning,
    /// What it rests on, rule by rule: see [`crate::receipt::expand`].
    pub receipt: Receipt,
    /// The rules on trial that matched; they decide nothing.
    pub trials: Vec<Trial>,
}

/// A match of a rule in shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The rule.
    pub rule: RuleId,
    /// Its version.
    pub version: i32,
    /// The label that it would have given.
    pub label: String,
    /// Whether it would have been the first to match.
    pub would_decide: bool,
}

/// Decides a record.
#[must_use]
pub fn decide(rules: &RuleSet, view: &RecordView<'_>, thresholds: Thresholds) -> Outcome {
    let verdict = rules.decide(view);
    let reasoning = Reasoning {
        summary: summary_of(&verdict),
        rule: verdict.matched.map(reference),
        rule_set_version: Some(rules.version()),
        rules_evaluated: verdict.evaluated,
        thresholds,
        why_human: why_human(&verdict),
        ..Reasoning::default()
    };
    Outcome {
        label: verdict.matched.map(|rule| rule.source().label.clone()),
        stage: if verdict.matched.is_some() { Stage::Rule } else { Stage::None },
        confidence: verdict.matched.map(|_| RULE_CONFIDENCE),
        status: if reasoning.why_human.is_some() { RecordStatus::PendingReview } else { RecordStatus::Classified },
        reasoning,
        receipt: Receipt::from(&verdict),
        trials: trials(rules, view, verdict.matched),
    }
}

fn trials(rules: &RuleSet, view: &RecordView<'_>, matched: Option<&CompiledRule>) -> Vec<Trial> {
    let trial = |rule: &CompiledRule| Trial {
        rule: rule.source().id,
        version: rule.source().version,
        label: rule.source().label.clone(),
        would_decide: matched.is_none_or(|matched| rule.precedes(matched)),
    };
    rules.shadows(view).into_iter().map(trial).collect()
}

fn reference(rule: &CompiledRule) -> RuleRef {
    let rule = rule.source();
    RuleRef { id: rule.id, version: rule.version, name: rule.name.clone() }
}

fn why_human(verdict: &Verdict<'_>) -> Option<WhyHuman> {
    match verdict.matched {
        None => Some(WhyHuman::NoStageDecided),
        Some(rule) if rule.source().requires_review => Some(WhyHuman::RuleRequiresReview),
        Some(_) => None,
    }
}

fn summary_of(verdict: &Verdict<'_>) -> String {
    let Some(rule) = verdict.matched else { return summary_of_miss(verdict) };
    let rule = rule.source();
    let (name, version, label) = (&rule.name, rule.version, &rule.label);
    if rule.requires_review {
        format!("Rule \"{name}\" (version {version}) matched and proposes \"{label}\"; it asks for a review.")
    } else {
        format!("Rule \"{name}\" (version {version}) matched: \"{label}\".")
    }
}

fn summary_of_miss(verdict: &Verdict<'_>) -> String {
    let tried = match verdict.evaluated {
        0 => return "There are no active rules, so a person is asked.".into(),
        1 => "The one active rule did not match".into(),
        count => format!("None of {count} active rules matched"),
    };
    match verdict.errors.len() {
        0 => format!("{tried}, so a person is asked."),
        failed => format!("{tried} ({failed} could not be evaluated), so a person is asked."),
    }
}
