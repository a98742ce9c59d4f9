//! A tenant's rules at one version, compiled and in the order they are tried.

use std::collections::HashMap;

use common::RuleId;
use common::rule::RuleStatus;
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, ConditionError};
use crate::index::RuleIndex;
use crate::lists::ValueLists;
use crate::receipt::ListedRule;
use crate::view::RecordView;

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSource {
    /// The rule.
    pub id: RuleId,
    /// Its version.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// The condition's CEL source.
    pub condition: String,
    /// The label it gives.
    pub label: String,
    /// The lowest number is tried first.
    pub priority: i32,
    /// Whether it decides.
    pub status: RuleStatus,
    /// Whether a person must agree.
    pub requires_review: bool,
}

/// A rule that can be tried.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    source: RuleSource,
    condition: Result<Condition, ConditionError>,
}

/// Every rule of a tenant at one version of the set, in the order of priority and id; never changed once made.
#[derive(Debug, Default)]
pub struct RuleSet {
    version: i64,
    rules: Vec<CompiledRule>,
    active: Layer,
    shadow: Layer,
    lists: ValueLists,
}

/// The rules of one status, by their places among all, with the index over them.
#[derive(Debug, Default)]
struct Layer {
    places: Vec<usize>,
    index: RuleIndex,
}

/// What the rules say about a record.
#[derive(Clone, Debug)]
pub struct Verdict<'s> {
    /// The first active rule that matched.
    pub matched: Option<&'s CompiledRule>,
    /// How many active rules were tried, the matched one included.
    pub evaluated: u32,
    /// The rules among them whose condition had no value, in order.
    pub errors: Vec<RuleError>,
}

/// A rule whose condition had no value for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleError {
    /// The rule.
    pub rule_id: RuleId,
    /// Why.
    pub message: String,
}

impl RuleSource {
    /// What the order of trying is by.
    #[must_use]
    pub const fn place(&self) -> (i32, RuleId) {
        (self.priority, self.id)
    }
}

impl CompiledRule {
    /// The rule as it is stored.
    #[must_use]
    pub const fn source(&self) -> &RuleSource {
        &self.source
    }

    /// Why the stored condition no longer compiles, if it does not.
    #[must_use]
    pub fn broken(&self) -> Option<&ConditionError> {
        self.condition.as_ref().err()
    }

    /// Whether it is tried before the other one.
    #[must_use]
    pub fn precedes(&self, other: &Self) -> bool {
        self.source.place() < other.source.place()
    }

    /// Its condition, unless that no longer compiles.
    #[must_use]
    pub fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref().ok()
    }

    fn matches(&self, view: &RecordView<'_>) -> Result<bool, RuleError> {
        let failed = |message: String| RuleError { rule_id: self.source.id, message };
        match &self.condition {
            Ok(condition) => condition.matches(view).map_err(|error| failed(error.to_string())),
            Err(error) => Err(failed(format!("the condition no longer compiles: {error}"))),
        }
    }
}

/// What a compiled rule takes beside its texts and its part of the index, in bytes: measured by the benchmark
/// `rule_speed`, rounded up.
const BYTES_PER_RULE: usize = 2 << 10;
/// What a compiled pattern takes before it is run.
const BYTES_PER_PATTERN: usize = 8 << 10;

impl Layer {
    fn of(rules: &[CompiledRule], status: RuleStatus) -> Self {
        let places: Vec<usize> =
            rules.iter().enumerate().filter(|(_, rule)| rule.source.status == status).map(|(place, _)| place).collect();
        let needs = places.iter().map(|&place| rules[place].condition.as_ref().ok().map(Condition::need));
        let index = RuleIndex::build(needs);
        Self { places, index }
    }
}

impl RuleSet {
    /// Compiles the rules; one whose condition does not compile is kept as broken and never matches.
    #[must_use]
    pub fn compile(version: i64, rules: impl IntoIterator<Item = RuleSource>) -> Self {
        Self::compile_after(&Self::default(), version, rules, ValueLists::default())
    }

    /// The same with value lists, taking over from the set before it what has not changed.
    #[must_use]
    pub fn compile_after(
        before: &Self,
        version: i64,
        rules: impl IntoIterator<Item = RuleSource>,
        lists: ValueLists,
    ) -> Self {
        let lists = lists.sharing(&before.lists);
        let mut rules = compile_each(before, rules.into_iter().collect(), &lists);
        rules.sort_by_key(|rule| rule.source.place());
        let active = Layer::of(&rules, RuleStatus::Active);
        let shadow = Layer::of(&rules, RuleStatus::Shadow);
        Self { version, rules, active, shadow, lists }
    }

    /// The version of the set.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Every rule in order, whatever its status.
    #[must_use]
    pub fn rules(&self) -> &[CompiledRule] {
        &self.rules
    }

    /// The value lists that conditions can refer to.
    #[must_use]
    pub const fn lists(&self) -> &ValueLists {
        &self.lists
    }

    /// The rules whose stored condition no longer compiles.
    pub fn broken(&self) -> impl Iterator<Item = &CompiledRule> {
        self.rules.iter().filter(|rule| rule.condition.is_err())
    }

    /// The rules that decide, in order, as a receipt is expanded with; store the list with the set's version.
    #[must_use]
    pub fn listed(&self) -> Vec<ListedRule> {
        self.active()
            .map(|rule| ListedRule { id: rule.source.id, version: rule.source.version, name: rule.source.name.clone() })
            .collect()
    }

    /// The first active rule in order that matches. It is as if each had been tried; the index passes over those that
    /// cannot match.
    #[must_use]
    pub fn decide(&self, view: &RecordView<'_>) -> Verdict<'_> {
        let mut errors = Vec::new();
        for place in self.active.index.candidates(view).iter() {
            let rule = &self.rules[self.active.places[place]];
            match rule.matches(view) {
                Ok(true) => return Verdict { matched: Some(rule), evaluated: count(place + 1), errors },
                Ok(false) => {}
                Err(error) => errors.push(error),
            }
        }
        Verdict { matched: None, evaluated: count(self.active.places.len()), errors }
    }

    /// Every active rule that matches, in order, whatever decides.
    #[must_use]
    pub fn matching(&self, view: &RecordView<'_>) -> Vec<&CompiledRule> {
        self.matching_in(&self.active, view)
    }

    /// The shadow rules that match, in order. A shadow rule without a value is taken for a miss.
    #[must_use]
    pub fn shadows(&self, view: &RecordView<'_>) -> Vec<&CompiledRule> {
        self.matching_in(&self.shadow, view)
    }

    fn matching_in(&self, layer: &Layer, view: &RecordView<'_>) -> Vec<&CompiledRule> {
        if layer.places.is_empty() {
            return Vec::new();
        }
        let candidates = layer.index.candidates(view);
        let rules = candidates.iter().map(|place| &self.rules[layer.places[place]]);
        rules.filter(|rule| matches!(rule.matches(view), Ok(true))).collect()
    }

    fn active(&self) -> impl Iterator<Item = &CompiledRule> {
        self.active.places.iter().map(|&place| &self.rules[place])
    }

    /// How many active rules no index helps with: they are tried on every record.
    #[must_use]
    pub fn always_tried(&self) -> usize {
        self.active.index.always()
    }

    /// About how many bytes the set takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let rules = self.rules.iter().map(|rule| {
            let patterns = rule.source.condition.matches("matches").count();
            let texts = rule.source.name.len() + rule.source.label.len() + rule.source.condition.len() * 8;
            BYTES_PER_RULE + patterns * BYTES_PER_PATTERN + texts
        });
        rules.sum::<usize>() + self.active.index.bytes() + self.shadow.index.bytes() + self.lists.bytes()
    }
}

fn count(rules: usize) -> u32 {
    u32::try_from(rules).unwrap_or(u32::MAX)
}

/// Compiles what the set before did not have. A condition means the same as before if its lists are the same.
fn compile_each(before: &RuleSet, sources: Vec<RuleSource>, lists: &ValueLists) -> Vec<CompiledRule> {
    let known: HashMap<&str, &Condition> = before
        .rules
        .iter()
        .filter_map(CompiledRule::condition)
        .filter(|condition| condition.lists().are_in(lists))
        .map(|condition| (condition.source(), condition))
        .collect();
    let new: Vec<&str> =
        sources.iter().map(|rule| rule.condition.as_str()).filter(|source| !known.contains_key(source)).collect();
    let mut compiled = if new.is_empty() { Vec::new() } else { Condition::compile_each(&new, lists) }.into_iter();
    let conditions: Vec<Result<Condition, ConditionError>> = sources
        .iter()
        .filter_map(|rule| match known.get(rule.condition.as_str()) {
            Some(&condition) => Some(Ok(condition.clone())),
            None => compiled.next(),
        })
        .collect();
    sources.into_iter().zip(conditions).map(|(source, condition)| CompiledRule { source, condition }).collect()
}
