//! Rules that people's decisions suggest: the same label again and again for what has something in common.
//!
//! Every suggestion is tried as the rule it would be, so that its evidence is what the rule would have done.

use std::collections::{BTreeSet, HashMap, HashSet};

use classifier::{Condition, RecordView, RuleSet};
use common::RecordId;
use common::record::AttributeValue;

use super::preview::Past;

/// Decisions that a suggestion must rest on, and the share of them that must agree.
const LEAST_AGREEING: usize = 3;
const LEAST_PRECISION: f64 = 0.9;
/// Most suggestions at a time: a person reads them.
const MAX_SUGGESTIONS: usize = 20;
/// Words of a record that are looked at, and the shortest of them in characters.
const MAX_WORDS: usize = 60;
const SHORTEST_WORD: usize = 4;
/// Records named as evidence of each sort.
const MAX_NAMED: usize = 20;

/// Something that records have in common. The order is that of preference: the more specific first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Trait {
    Counterparty(String),
    Title(String),
    Attribute(String, String),
    Word(String),
}

/// A rule that people's decisions suggest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Suggestion {
    pub(crate) condition: String,
    pub(crate) label: String,
    /// A name for the rule.
    pub(crate) name: String,
    pub(crate) agreeing: usize,
    pub(crate) disagreeing: usize,
    /// Some of the records where people chose this label, and where they chose another.
    pub(crate) agreeing_records: Vec<RecordId>,
    pub(crate) disagreeing_records: Vec<RecordId>,
}

/// Suggests rules from people's decisions, the best founded first; none for what the rules decide already.
pub(crate) fn suggest(decided: &[Past], rules: &RuleSet) -> Vec<Suggestion> {
    let known: HashSet<String> = rules.rules().iter().filter_map(|rule| Some(rule.condition()?.canonical())).collect();
    let open = undecided(decided, rules);
    let mut covered: HashSet<RecordId> = HashSet::new();
    let mut found = Vec::new();
    for (common, label) in ranked(decided, &open) {
        if found.len() == MAX_SUGGESTIONS {
            break;
        }
        let Ok(condition) = Condition::compile(&common.condition()) else { continue };
        if known.contains(&condition.canonical()) {
            continue;
        }
        let suggestion = tried(&condition, &common, &label, decided);
        let is_new = |record: &&RecordId| open.contains(*record) && !covered.contains(*record);
        let agreeing: Vec<RecordId> = suggestion.1;
        if agreeing.iter().filter(is_new).count() < LEAST_AGREEING || suggestion.0.precision() < LEAST_PRECISION {
            continue;
        }
        covered.extend(agreeing);
        found.push(suggestion.0);
    }
    found
}

/// The records that the active rules do not give the label that the person chose.
fn undecided(decided: &[Past], rules: &RuleSet) -> HashSet<RecordId> {
    let is_open = |past: &&Past| {
        let verdict = rules.decide(&RecordView::new(&past.normalized, &past.source));
        verdict.matched.map(|rule| rule.source().label.as_str()) != past.standing.label.as_deref()
    };
    decided.iter().filter(is_open).map(|past| past.id).collect()
}

/// What enough records of one label have in common, those of the most records first.
fn ranked(decided: &[Past], open: &HashSet<RecordId>) -> Vec<(Trait, String)> {
    let mut counts: HashMap<Trait, HashMap<&str, usize>> = HashMap::new();
    for past in decided.iter().filter(|past| open.contains(&past.id)) {
        let Some(label) = past.standing.label.as_deref() else { continue };
        for common in traits(past) {
            *counts.entry(common).or_default().entry(label).or_default() += 1;
        }
    }
    let best = counts.into_iter().filter_map(|(common, labels)| {
        let all: usize = labels.values().sum();
        let (label, most) = labels.into_iter().max_by(|one, other| one.1.cmp(&other.1).then(other.0.cmp(one.0)))?;
        let is_clear = most >= LEAST_AGREEING && most as f64 >= LEAST_PRECISION * all as f64;
        is_clear.then(|| (most, common, label.to_owned()))
    });
    let mut best: Vec<(usize, Trait, String)> = best.collect();
    best.sort_by(|one, other| (other.0, &one.1, &one.2).cmp(&(one.0, &other.1, &other.2)));
    best.into_iter().map(|(_, common, label)| (common, label)).collect()
}

fn traits(past: &Past) -> BTreeSet<Trait> {
    let record = &past.normalized;
    let mut traits = BTreeSet::new();
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    traits.extend(named(&record.counterparty).map(Trait::Counterparty));
    traits.extend(named(&record.title).map(Trait::Title));
    for (name, value) in &record.attributes {
        if let AttributeValue::Text(value) = value {
            traits.insert(Trait::Attribute(name.clone(), value.clone()));
        }
    }
    let text = record.text.to_ascii_lowercase();
    let words = text.split(|character: char| !character.is_alphanumeric());
    // A number is one record's, not what records have in common.
    let telling = words.filter(|word| {
        word.chars().count() >= SHORTEST_WORD && !word.chars().any(|character| character.is_ascii_digit())
    });
    traits.extend(telling.take(MAX_WORDS).map(|word| Trait::Word(word.to_owned())));
    traits
}

/// The suggestion with the evidence of a rule that is tried, and all records that agree.
fn tried(condition: &Condition, common: &Trait, label: &str, decided: &[Past]) -> (Suggestion, Vec<RecordId>) {
    let (mut agreeing, mut disagreeing) = (Vec::new(), Vec::new());
    for past in decided {
        if matches!(condition.matches(&RecordView::new(&past.normalized, &past.source)), Ok(true)) {
            let agrees = past.standing.label.as_deref() == Some(label);
            if agrees { &mut agreeing } else { &mut disagreeing }.push(past.id);
        }
    }
    let suggestion = Suggestion {
        condition: condition.source().to_owned(),
        label: label.to_owned(),
        name: common.name(label),
        agreeing: agreeing.len(),
        disagreeing: disagreeing.len(),
        agreeing_records: agreeing.iter().take(MAX_NAMED).copied().collect(),
        disagreeing_records: disagreeing.into_iter().take(MAX_NAMED).collect(),
    };
    (suggestion, agreeing)
}

impl Suggestion {
    /// Share of agreement among the records that it matches.
    pub(crate) fn precision(&self) -> f64 {
        self.agreeing as f64 / (self.agreeing + self.disagreeing).max(1) as f64
    }

    /// The evidence in a sentence.
    pub(crate) fn summary(&self) -> String {
        let (all, agree, not) = (self.agreeing + self.disagreeing, self.agreeing, self.disagreeing);
        format!("matches {all} past records, {agree} agree with people, {not} do not")
    }
}

impl Trait {
    fn condition(&self) -> String {
        match self {
            Self::Counterparty(text) => format!("record.counterparty == {}", literal(text)),
            Self::Title(text) => format!("record.title == {}", literal(text)),
            Self::Attribute(name, value) => {
                let name = literal(name);
                format!("{name} in record.attributes && record.attributes[{name}] == {}", literal(value))
            }
            Self::Word(word) => format!("record.text.lowerAscii().contains({})", literal(word)),
        }
    }

    fn name(&self, label: &str) -> String {
        let what = match self {
            Self::Counterparty(text) | Self::Title(text) | Self::Word(text) => text.clone(),
            Self::Attribute(name, value) => format!("{name} {value}"),
        };
        let what: String = what.chars().filter(|character| !character.is_control()).take(80).collect();
        let label: String = label.chars().take(80).collect();
        format!("{what}: {label}")
    }
}

/// A text as CEL writes it. JSON's escapes are CEL's, but for the slash, which JSON leaves alone here.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[path = "mining_tests.rs"]
mod tests;
