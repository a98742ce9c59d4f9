//! Rules and value lists as a YAML document, and what it would take to become what a document says.

use std::collections::{BTreeMap, HashSet};

use common::rule::{DEFAULT_PRIORITY, RuleStatus};
use common::{RuleId, Violation};
use serde::{Deserialize, Serialize};

use super::rule::{FieldChange, Rule, RuleChange};
use super::value_list::{ListChange, NamedList, sorted};

/// The only form of document so far.
const VERSION: u32 = 1;

/// Everything that decides, less what only has meaning inside one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleDocument {
    pub(crate) version: u32,
    #[serde(default)]
    pub(crate) lists: Vec<DocumentList>,
    #[serde(default)]
    pub(crate) rules: Vec<DocumentRule>,
}

/// A value list of a document; its name says which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DocumentList {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) values: Vec<String>,
}

/// A rule of a document; its name says which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DocumentRule {
    pub(crate) name: String,
    pub(crate) condition: String,
    pub(crate) label: String,
    #[serde(default = "default_priority")]
    pub(crate) priority: i32,
    #[serde(default = "default_status")]
    pub(crate) status: RuleStatus,
    #[serde(default)]
    pub(crate) requires_review: bool,
    #[serde(default)]
    pub(crate) description: String,
}

const fn default_priority() -> i32 {
    DEFAULT_PRIORITY
}

const fn default_status() -> RuleStatus {
    RuleStatus::Active
}

/// A text that is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub(crate) struct DocumentError {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) message: String,
}

/// What a document would do.
#[derive(Clone, Debug, Default)]
pub(crate) struct RulePlan {
    pub(crate) rules: Vec<RuleStep>,
    pub(crate) lists: Vec<ListStep>,
}

/// One rule on its way to what the document says.
#[derive(Clone, Debug)]
pub(crate) enum RuleStep {
    Create(DocumentRule),
    Update(Box<Rule>, DocumentRule, Vec<FieldChange>),
    Keep(Box<Rule>),
    Delete(Box<Rule>),
}

/// One list on its way.
#[derive(Clone, Debug)]
pub(crate) enum ListStep {
    Create(DocumentList),
    Update(NamedList, DocumentList),
    Keep(NamedList),
    Delete(NamedList),
}

impl RuleDocument {
    /// A document of these.
    pub(crate) fn of(rules: &[Rule], lists: &[NamedList]) -> Self {
        let mut rules: Vec<&Rule> = rules.iter().collect();
        rules.sort_by_key(|rule| (rule.priority, rule.id));
        let mut lists: Vec<DocumentList> = lists.iter().map(DocumentList::from).collect();
        lists.sort_by(|one, other| one.name.cmp(&other.name));
        Self { version: VERSION, lists, rules: rules.into_iter().map(DocumentRule::from).collect() }
    }

    /// Reads a document.
    pub(crate) fn parse(text: &str) -> Result<Self, DocumentError> {
        let document: Self = serde_saphyr::from_str(text).map_err(|error| {
            let at = error.location();
            DocumentError {
                line: at.as_ref().map_or(1, serde_saphyr::Location::line),
                column: at.as_ref().map_or(1, serde_saphyr::Location::column),
                message: first_line(&error.without_snippet().to_string()),
            }
        })?;
        if document.version != VERSION {
            let message = format!("version {} is not known; write version: {VERSION}", document.version);
            return Err(DocumentError { line: 1, column: 1, message });
        }
        Ok(document)
    }

    /// The document as text.
    pub(crate) fn render(&self) -> Result<String, serde_saphyr::SerializeError> {
        serde_saphyr::to_string(self)
    }

    /// What is wrong with single values, and names that come twice.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut names = HashSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            within(&mut found, &format!("rules[{index}]"), rule.as_change().violations());
            if !names.insert(&rule.name) {
                found.push(twice(&format!("rules[{index}].name")));
            }
        }
        let mut names = HashSet::new();
        for (index, list) in self.lists.iter().enumerate() {
            within(&mut found, &format!("lists[{index}]"), list.as_change().violations());
            if !names.insert(&list.name) {
                found.push(twice(&format!("lists[{index}].name")));
            }
        }
        found
    }

    /// What it takes to become what the document says. What it does not name stays, or with `prune` goes.
    pub(crate) fn plan(self, rules: Vec<Rule>, lists: Vec<NamedList>, prune: bool) -> RulePlan {
        let mut rules: BTreeMap<String, Rule> = rules.into_iter().map(|rule| (rule.name.clone(), rule)).collect();
        let mut lists: BTreeMap<String, NamedList> = lists.into_iter().map(|list| (list.name.clone(), list)).collect();
        let mut plan = RulePlan::default();
        for wanted in self.rules {
            plan.rules.push(match rules.remove(&wanted.name) {
                Some(there) => RuleStep::between(there, wanted),
                None => RuleStep::Create(wanted),
            });
        }
        for wanted in self.lists {
            plan.lists.push(match lists.remove(&wanted.name) {
                Some(there) if wanted.is(&there) => ListStep::Keep(there),
                Some(there) => ListStep::Update(there, wanted),
                None => ListStep::Create(wanted),
            });
        }
        if prune {
            plan.rules.extend(rules.into_values().map(|rule| RuleStep::Delete(Box::new(rule))));
            plan.lists.extend(lists.into_values().map(ListStep::Delete));
        } else {
            plan.rules.extend(rules.into_values().map(|rule| RuleStep::Keep(Box::new(rule))));
            plan.lists.extend(lists.into_values().map(ListStep::Keep));
        }
        plan
    }
}

impl RulePlan {
    /// Whether all is as the document says.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.rules.iter().all(|step| matches!(step, RuleStep::Keep(_)))
            && self.lists.iter().all(|step| matches!(step, ListStep::Keep(_)))
    }
}

impl RuleStep {
    fn between(there: Rule, wanted: DocumentRule) -> Self {
        let changes = wanted.changes_of(&there);
        if changes.is_empty() { Self::Keep(Box::new(there)) } else { Self::Update(Box::new(there), wanted, changes) }
    }

    /// The rule that there is, and as it will be; `None` when it will not be.
    pub(crate) fn outcome(&self) -> (Option<RuleId>, Option<DocumentRule>) {
        match self {
            Self::Create(wanted) => (None, Some(wanted.clone())),
            Self::Update(there, wanted, _) => (Some(there.id), Some(wanted.clone())),
            Self::Keep(there) => (Some(there.id), Some(DocumentRule::from(&**there))),
            Self::Delete(there) => (Some(there.id), None),
        }
    }
}

impl ListStep {
    /// The list as it will be; `None` when it will not be.
    pub(crate) fn outcome(&self) -> Option<(String, Vec<String>)> {
        match self {
            Self::Create(wanted) | Self::Update(_, wanted) => Some((wanted.name.clone(), wanted.values.clone())),
            Self::Keep(there) => Some((there.name.clone(), there.values.clone())),
            Self::Delete(_) => None,
        }
    }
}

impl DocumentRule {
    /// Every field.
    pub(crate) fn as_change(&self) -> RuleChange {
        RuleChange {
            name: Some(self.name.clone()),
            condition: Some(self.condition.clone()),
            label: Some(self.label.clone()),
            priority: Some(self.priority),
            status: Some(self.status),
            requires_review: Some(self.requires_review),
            description: Some(self.description.clone()),
        }
    }

    fn changes_of(&self, there: &Rule) -> Vec<FieldChange> {
        use serde_json::json;
        let fields = [
            ("condition", json!(there.condition), json!(self.condition)),
            ("label", json!(there.label), json!(self.label)),
            ("priority", json!(there.priority), json!(self.priority)),
            ("status", json!(there.status), json!(self.status)),
            ("requiresReview", json!(there.requires_review), json!(self.requires_review)),
            ("description", json!(there.description), json!(self.description)),
        ];
        let changed = fields.into_iter().filter(|(_, from, to)| from != to);
        changed.map(|(field, from, to)| FieldChange { field, from, to }).collect()
    }
}

impl DocumentList {
    pub(crate) fn as_change(&self) -> ListChange {
        ListChange {
            name: Some(self.name.clone()),
            description: Some(self.description.clone()),
            values: Some(self.values.clone()),
            ..ListChange::default()
        }
    }

    fn is(&self, there: &NamedList) -> bool {
        self.description == there.description && sorted(self.values.iter().cloned()) == there.values
    }
}

impl From<&Rule> for DocumentRule {
    fn from(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            condition: rule.condition.clone(),
            label: rule.label.clone(),
            priority: rule.priority,
            status: rule.status,
            requires_review: rule.requires_review,
            description: rule.description.clone(),
        }
    }
}

impl From<&NamedList> for DocumentList {
    fn from(list: &NamedList) -> Self {
        Self { name: list.name.clone(), description: list.description.clone(), values: list.values.clone() }
    }
}

fn within(found: &mut Vec<Violation>, place: &str, inner: Vec<Violation>) {
    found.extend(inner.into_iter().map(|one| Violation { path: format!("{place}.{}", one.path), ..one }));
}

fn twice(path: &str) -> Violation {
    Violation::new(path, "unique", "comes twice in the document")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
version: 1
lists:
- name: travel
  values: [Air, 'Rail: fast']
rules:
- name: Trips
  condition: 'record.counterparty in lists.travel && record.text == "a: b # c"'
  label: trip
  status: shadow
"#;

    #[test]
    fn what_is_written_reads_the_same() {
        let document = RuleDocument::parse(TEXT).expect("a document");
        assert_eq!((document.rules[0].priority, document.rules[0].status), (100, RuleStatus::Shadow));
        let written = document.render().expect("it renders");
        assert_eq!(RuleDocument::parse(&written), Ok(document), "{written}");
    }

    #[test]
    fn mistakes_have_a_place() {
        let cases = [
            ("version: 1\nrules:\n- name: a\n  condtion: x\n", 4),
            ("version: 1\nrules: 7\n", 2),
            ("version: 2\n", 1),
            ("version: 1\nrules:\n- name: [\n", 3),
            ("", 1),
        ];
        for (text, line) in cases {
            let error = RuleDocument::parse(text).expect_err(text);
            assert!(error.line >= line && !error.message.is_empty(), "{text}: {error:?}");
        }
    }

    #[test]
    fn a_small_document_of_aliases_does_not_fill_the_memory() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let inner = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert!(RuleDocument::parse(&format!("{bomb}version: 1\nrules: *a8\n")).is_err());
    }

    #[test]
    fn names_come_once() {
        let twice = TEXT.to_owned() + "- name: Trips\n  condition: 'true'\n  label: x\n  priority: -1\n";
        let found = RuleDocument::parse(&twice).expect("a document").violations();
        let paths: Vec<_> = found.iter().map(|violation| violation.path.as_str()).collect();
        assert_eq!(paths, ["rules[1].priority", "rules[1].name"]);
    }
}
