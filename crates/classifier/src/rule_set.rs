//! A tenant's rules at one version, compiled and in the order they are tried.

use common::RuleId;
use common::rule::RuleStatus;
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, ConditionError};
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

/// Every rule of a tenant at one version of the set, in the order of priority and id.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    version: i64,
    rules: Vec<CompiledRule>,
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

    fn matches(&self, view: &RecordView<'_>) -> Result<bool, RuleError> {
        let failed = |message: String| RuleError { rule_id: self.source.id, message };
        match &self.condition {
            Ok(condition) => condition.matches(view).map_err(|error| failed(error.to_string())),
            Err(error) => Err(failed(format!("the condition no longer compiles: {error}"))),
        }
    }
}

impl RuleSet {
    /// Compiles the rules; one whose condition does not compile is kept as broken and never matches.
    #[must_use]
    pub fn compile(version: i64, rules: impl IntoIterator<Item = RuleSource>) -> Self {
        let mut rules: Vec<_> = rules
            .into_iter()
            .map(|source| CompiledRule { condition: Condition::compile(&source.condition), source })
            .collect();
        rules.sort_by_key(|rule| (rule.source.priority, rule.source.id));
        Self { version, rules }
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

    /// Tries the active rules in order until one matches.
    #[must_use]
    pub fn decide(&self, view: &RecordView<'_>) -> Verdict<'_> {
        let mut verdict = Verdict { matched: None, evaluated: 0, errors: Vec::new() };
        for rule in self.active() {
            verdict.evaluated += 1;
            match rule.matches(view) {
                Ok(true) => {
                    verdict.matched = Some(rule);
                    return verdict;
                }
                Ok(false) => {}
                Err(error) => verdict.errors.push(error),
            }
        }
        verdict
    }

    fn active(&self) -> impl Iterator<Item = &CompiledRule> {
        self.rules.iter().filter(|rule| rule.source.status == RuleStatus::Active)
    }
}
