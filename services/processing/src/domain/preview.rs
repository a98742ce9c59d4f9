//! What a rule would have done, told from records as they stand: pure counting.

use std::collections::HashMap;

use classifier::{CompiledRule, Condition, RecordView, RuleSet, RuleSource};
use common::record::{NormalizedRecord, RecordStatus, Stage};
use common::{DateTime, RecordId, RuleId};

/// Most records named as contradictions, and shown as samples.
const MAX_CONTRADICTIONS: usize = 100;
const MAX_SAMPLES: usize = 20;
/// Longest text shown of a record, in characters.
const MAX_SHOWN: usize = 160;

/// A record with the decision that stands.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) id: RecordId,
    pub(crate) received_at: DateTime,
    pub(crate) source: String,
    pub(crate) normalized: NormalizedRecord,
    pub(crate) standing: StandingLabel,
}

/// What the decision says that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StandingLabel {
    pub(crate) label: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) status: RecordStatus,
}

/// The rule that is thought of.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) condition: Condition,
    pub(crate) label: String,
    pub(crate) priority: i32,
    pub(crate) requires_review: bool,
    /// The rule that it would replace; a new one comes after all of its priority.
    pub(crate) replaces: Option<RuleId>,
}

/// The answer so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preview {
    pub(crate) evaluated: u64,
    pub(crate) matched: u64,
    /// Matches that an earlier rule decides.
    pub(crate) shadowed: u64,
    /// Matches whose label would be another.
    pub(crate) would_change: u64,
    pub(crate) agrees_with_people: u64,
    pub(crate) contradicts_people: u64,
    pub(crate) contradictions: Vec<Contradiction>,
    pub(crate) samples: Vec<Sample>,
    overlaps: HashMap<RuleId, Overlap>,
}

/// A record where a person chose another label.
#[derive(Clone, Debug)]
pub(crate) struct Contradiction {
    pub(crate) record_id: RecordId,
    pub(crate) label: String,
}

/// A matched record, before and after.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) record_id: RecordId,
    pub(crate) received_at: DateTime,
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    pub(crate) before: StandingLabel,
    pub(crate) after: StandingLabel,
    pub(crate) effect: Effect,
}

/// What the rule would do to a record that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It would have another label.
    Changed,
    /// It has that label already.
    Unchanged,
    /// An earlier rule decides it.
    Shadowed,
    /// A person decided it, and that stands.
    Pinned,
}

/// A rule that matches some of the same records.
#[derive(Clone, Debug)]
pub(crate) struct Overlap {
    pub(crate) rule_id: RuleId,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) priority: i32,
    pub(crate) same_label: bool,
    /// Whether it is tried before the candidate.
    pub(crate) comes_first: bool,
    pub(crate) records: u64,
    /// Records that this rule decides although the candidate matches, as it comes first.
    pub(crate) keeps: u64,
    /// Records that this rule decides now, and the candidate would take.
    pub(crate) loses: u64,
}

impl Preview {
    /// Adds a record.
    pub(crate) fn add(&mut self, candidate: &Candidate, rules: &RuleSet, past: &Past) {
        self.evaluated += 1;
        let view = RecordView::new(&past.normalized, &past.source);
        if !matches!(candidate.condition.matches(&view), Ok(true)) {
            return;
        }
        self.matched += 1;
        let others: Vec<&RuleSource> = rules
            .matching(&view)
            .into_iter()
            .map(CompiledRule::source)
            .filter(|rule| Some(rule.id) != candidate.replaces)
            .collect();
        let first = others.first().copied();
        let decides = first.is_none_or(|rule| !comes_before(rule, candidate));
        self.overlap(candidate, &others, decides);
        let effect = self.judge(candidate, past, decides);
        let after = match effect {
            Effect::Changed => candidate.stands(),
            Effect::Unchanged | Effect::Shadowed | Effect::Pinned => past.standing.clone(),
        };
        self.sample(past, after, effect);
    }

    fn judge(&mut self, candidate: &Candidate, past: &Past, decides: bool) -> Effect {
        let has_label = past.standing.label.as_deref() == Some(candidate.label.as_str());
        if !decides {
            self.shadowed += 1;
        }
        if past.standing.stage == Stage::Human {
            if has_label {
                self.agrees_with_people += 1;
            } else {
                self.contradicts_people += 1;
                if self.contradictions.len() < MAX_CONTRADICTIONS {
                    let label = past.standing.label.clone().unwrap_or_default();
                    self.contradictions.push(Contradiction { record_id: past.id, label });
                }
            }
            return Effect::Pinned;
        }
        if !decides {
            return Effect::Shadowed;
        }
        if has_label {
            return Effect::Unchanged;
        }
        self.would_change += 1;
        Effect::Changed
    }

    fn overlap(&mut self, candidate: &Candidate, others: &[&RuleSource], decides: bool) {
        for (place, rule) in others.iter().enumerate() {
            let overlap = self.overlaps.entry(rule.id).or_insert_with(|| Overlap {
                rule_id: rule.id,
                name: rule.name.clone(),
                label: rule.label.clone(),
                priority: rule.priority,
                same_label: rule.label == candidate.label,
                comes_first: comes_before(rule, candidate),
                records: 0,
                keeps: 0,
                loses: 0,
            });
            overlap.records += 1;
            if place == 0 && decides {
                overlap.loses += 1;
            } else if place == 0 {
                overlap.keeps += 1;
            }
        }
    }

    /// Changes are worth more room than what stays: of the samples, half are kept for them.
    fn sample(&mut self, past: &Past, after: StandingLabel, effect: Effect) {
        let quiet = self.samples.iter().filter(|sample| sample.effect != Effect::Changed).count();
        if self.samples.len() >= MAX_SAMPLES || (effect != Effect::Changed && quiet >= MAX_SAMPLES / 2) {
            return;
        }
        self.samples.push(Sample {
            record_id: past.id,
            received_at: past.received_at,
            title: past.normalized.title.clone(),
            text: past.normalized.text.chars().take(MAX_SHOWN).collect(),
            before: past.standing.clone(),
            after,
            effect,
        });
    }

    /// Matches that stay as they are.
    pub(crate) const fn unchanged(&self) -> u64 {
        self.matched - self.would_change
    }

    /// Share of the matches that people agree with, of those that people decided; `None` without any.
    pub(crate) fn precision(&self) -> Option<f64> {
        let judged = self.agrees_with_people + self.contradicts_people;
        (judged > 0).then(|| self.agrees_with_people as f64 / judged as f64)
    }

    /// The rules that match some of the same records, those with the most first.
    pub(crate) fn overlaps(&self) -> Vec<&Overlap> {
        let mut overlaps: Vec<&Overlap> = self.overlaps.values().collect();
        overlaps.sort_by_key(|overlap| (std::cmp::Reverse(overlap.records), overlap.rule_id));
        overlaps
    }
}

impl Candidate {
    /// What would stand where the candidate decides.
    fn stands(&self) -> StandingLabel {
        let status = if self.requires_review { RecordStatus::PendingReview } else { RecordStatus::Classified };
        StandingLabel { label: Some(self.label.clone()), stage: Stage::Rule, status }
    }
}

fn comes_before(rule: &RuleSource, candidate: &Candidate) -> bool {
    match candidate.replaces {
        Some(id) => rule.place() < (candidate.priority, id),
        None => rule.priority <= candidate.priority,
    }
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;
