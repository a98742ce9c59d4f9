//! Rules: a condition, and the label that it gives.

use std::collections::HashSet;

use common::event::RuleState;
use common::record::MAX_LINE;
use common::rule::{MAX_NAME, MAX_PRIORITY, RuleOrigin, RuleStatus};
use common::violation::check_text;
use common::{Actor, DateTime, LabelId, RuleId, TenantId, Violation};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A rule as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    pub(crate) tenant_id: TenantId,
    pub(crate) version: i32,
    pub(crate) name: String,
    pub(crate) condition: String,
    pub(crate) label_id: LabelId,
    /// The label's present name.
    pub(crate) label: String,
    pub(crate) priority: i32,
    pub(crate) status: RuleStatus,
    pub(crate) requires_review: bool,
    pub(crate) description: String,
    pub(crate) origin: RuleOrigin,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: DateTime,
}

/// A rule as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleVersion {
    pub(crate) state: RuleState,
    pub(crate) description: String,
    pub(crate) changed_by: Actor,
    pub(crate) changed_at: DateTime,
}

/// A rule that was saved, and what its author should know.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) rule: Rule,
    pub(crate) warnings: Vec<RuleWarning>,
}

/// Something about a rule that its author may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleWarning {
    pub(crate) kind: WarningKind,
    pub(crate) message: String,
    /// The other rule, where there is one.
    pub(crate) rule_id: Option<RuleId>,
}

/// What sort of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WarningKind {
    /// Another rule has the condition and gives another label.
    SameConditionOtherLabel,
    /// Another rule says the same.
    Duplicate,
    /// Whatever it matches, rules before it decide.
    Shadowed,
    /// No record can match.
    NeverMatches,
    /// No recent record matched.
    NoRecentMatch,
    /// People mostly chose another label for what it matches.
    ContradictsPeople,
}

/// A field that a change gave another value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldChange {
    /// As in the API.
    pub(crate) field: &'static str,
    pub(crate) from: Value,
    pub(crate) to: Value,
}

impl RuleVersion {
    /// What the change from the version before made of it.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<FieldChange> {
        let (new, old) = (&self.state, &before.state);
        let fields: [(&'static str, Value, Value); 7] = [
            ("name", json!(old.name), json!(new.name)),
            ("condition", json!(old.condition), json!(new.condition)),
            ("label", json!(old.label), json!(new.label)),
            ("priority", json!(old.priority), json!(new.priority)),
            ("status", json!(old.status), json!(new.status)),
            ("requiresReview", json!(old.requires_review), json!(new.requires_review)),
            ("description", json!(before.description), json!(self.description)),
        ];
        let changed = fields.into_iter().filter(|(_, from, to)| from != to);
        changed.map(|(field, from, to)| FieldChange { field, from, to }).collect()
    }

    /// The change that brings a rule back to this version.
    pub(crate) fn as_change(&self) -> RuleChange {
        RuleChange {
            name: Some(self.state.name.clone()),
            condition: Some(self.state.condition.clone()),
            label: Some(self.state.label.clone()),
            priority: Some(self.state.priority),
            status: Some(self.state.status),
            requires_review: Some(self.state.requires_review),
            description: Some(self.description.clone()),
        }
    }
}

/// A rule to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewRule {
    pub(crate) id: RuleId,
    pub(crate) name: String,
    pub(crate) condition: String,
    pub(crate) label: String,
    pub(crate) priority: i32,
    pub(crate) status: RuleStatus,
    pub(crate) requires_review: bool,
    pub(crate) description: String,
    pub(crate) origin: RuleOrigin,
}

/// What a change of a rule names; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleChange {
    pub(crate) name: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) priority: Option<i32>,
    pub(crate) status: Option<RuleStatus>,
    pub(crate) requires_review: Option<bool>,
    pub(crate) description: Option<String>,
}

impl NewRule {
    /// The first version of the rule.
    pub(crate) fn first_version(self, tenant_id: TenantId, label_id: LabelId, at: DateTime) -> Rule {
        Rule {
            id: self.id,
            tenant_id,
            version: 1,
            name: self.name,
            condition: self.condition,
            label_id,
            label: self.label,
            priority: self.priority,
            status: self.status,
            requires_review: self.requires_review,
            description: self.description,
            origin: self.origin,
            created_at: at,
            updated_at: at,
        }
    }
}

impl Rule {
    /// The next version of the rule, its label already looked up; `None` when nothing is different.
    pub(crate) fn changed(&self, change: RuleChange, label: Option<LabelId>, at: DateTime) -> Option<Self> {
        let after = Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            condition: change.condition.unwrap_or_else(|| self.condition.clone()),
            label_id: label.unwrap_or(self.label_id),
            label: change.label.unwrap_or_else(|| self.label.clone()),
            priority: change.priority.unwrap_or(self.priority),
            status: change.status.unwrap_or(self.status),
            requires_review: change.requires_review.unwrap_or(self.requires_review),
            description: change.description.unwrap_or_else(|| self.description.clone()),
            ..self.clone()
        };
        (after != *self).then(|| Self { version: self.version + 1, updated_at: at, ..after })
    }

    /// Whether the change can matter to a record.
    pub(crate) fn decides_otherwise_than(&self, before: &Self) -> bool {
        (&self.condition, self.label_id, self.priority, self.status)
            != (&before.condition, before.label_id, before.priority, before.status)
    }

    /// The rule as events tell it.
    pub(crate) fn state(&self) -> RuleState {
        RuleState {
            rule_id: self.id,
            version: self.version,
            name: self.name.clone(),
            condition: self.condition.clone(),
            label: self.label.clone(),
            priority: self.priority,
            status: self.status,
            requires_review: self.requires_review,
            origin: self.origin,
        }
    }
}

impl RuleChange {
    /// What is wrong with the values named. The condition is for the compiler to judge.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(name) = &self.name {
            check_text(&mut found, "name", name, 1, MAX_NAME);
        }
        if let Some(label) = &self.label {
            check_text(&mut found, "label", label, 1, MAX_NAME);
        }
        if let Some(description) = &self.description {
            check_text(&mut found, "description", description, 0, MAX_LINE);
        }
        if self.priority.is_some_and(|priority| !(0..=MAX_PRIORITY).contains(&priority)) {
            let message = format!("must be from 0 to {MAX_PRIORITY}; the lowest number wins");
            found.push(Violation::new("priority", "range", message));
        }
        found
    }
}

/// The wanted name, or that name with the first number that nobody has: `Refunds (2)`.
pub(crate) fn free_name(wanted: &str, taken: &HashSet<String>) -> String {
    if !taken.contains(wanted) {
        return wanted.to_owned();
    }
    // One of as many candidates as there are names, and one more, is free.
    let numbered = |number: usize| {
        let suffix = format!(" ({number})");
        let base: String = wanted.chars().take(MAX_NAME - suffix.len()).collect();
        format!("{base}{suffix}")
    };
    (2..taken.len() + 3).map(numbered).find(|name| !taken.contains(name)).unwrap_or_else(|| wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> HashSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_taken_name_gets_the_first_free_number() {
        assert_eq!(free_name("Refunds", &names(&[])), "Refunds");
        assert_eq!(free_name("Refunds", &names(&["Refunds"])), "Refunds (2)");
        assert_eq!(free_name("Refunds", &names(&["Refunds", "Refunds (2)", "Refunds (4)"])), "Refunds (3)");
    }

    #[test]
    fn a_numbered_name_stays_within_the_limit() {
        let longest = "ü".repeat(MAX_NAME);
        let free = free_name(&longest, &names(&[&longest]));
        assert_eq!(free.chars().count(), MAX_NAME);
        assert!(free.ends_with(" (2)"), "{free}");
    }
}
