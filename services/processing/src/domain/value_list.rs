//! Value lists: named sets of texts that conditions refer to as `lists.name`.

use std::collections::BTreeSet;

use common::event::{ValueListCreated, ValueListDeleted, ValueListUpdated};
use common::record::MAX_LINE;
use common::rule::MAX_NAME;
use common::violation::check_text;
use common::{DateTime, TenantId, ValueListId, Violation};

/// Most values of one list, and the longest of them in characters.
pub(crate) const MAX_VALUES: usize = 10_000;
pub(crate) const MAX_VALUE: usize = 500;

/// A list as it is now. Its values are in order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedList {
    pub(crate) id: ValueListId,
    pub(crate) tenant_id: TenantId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) values: Vec<String>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: DateTime,
}

/// What a change names; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// In place of all values.
    pub(crate) values: Option<Vec<String>>,
    /// Values to have.
    pub(crate) add: Vec<String>,
    /// Values to have no more.
    pub(crate) remove: Vec<String>,
}

/// In order, each once.
pub(crate) fn sorted(values: impl IntoIterator<Item = String>) -> Vec<String> {
    values.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

impl NamedList {
    /// The list after the change; `None` when nothing is different.
    pub(crate) fn changed(&self, change: ListChange, at: DateTime) -> Option<Self> {
        let mut values: BTreeSet<String> = change.values.unwrap_or_else(|| self.values.clone()).into_iter().collect();
        values.extend(change.add);
        change.remove.iter().for_each(|value| {
            values.remove(value);
        });
        let after = Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            description: change.description.unwrap_or_else(|| self.description.clone()),
            values: values.into_iter().collect(),
            ..self.clone()
        };
        (after != *self).then(|| Self { version: self.version + 1, updated_at: at, ..after })
    }

    pub(crate) fn created(&self) -> ValueListCreated {
        ValueListCreated { list_id: self.id, name: self.name.clone(), values: self.values.len(), version: self.version }
    }

    pub(crate) fn updated(&self, before: &Self) -> ValueListUpdated {
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.values.iter().collect(), self.values.iter().collect());
        ValueListUpdated {
            list_id: self.id,
            name: self.name.clone(),
            previous_name: before.name.clone(),
            added: new.difference(&old).count(),
            removed: old.difference(&new).count(),
            values: self.values.len(),
            version: self.version,
        }
    }

    pub(crate) fn deleted(&self) -> ValueListDeleted {
        ValueListDeleted { list_id: self.id, name: self.name.clone(), version: self.version }
    }
}

impl ListChange {
    /// What is wrong with the values named.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(name) = &self.name {
            check_text(&mut found, "name", name, 1, MAX_NAME);
            if !is_name(name) {
                let message = "must be letters, digits and _ with no digit first, as conditions write it: lists.travel";
                found.push(Violation::new("name", "identifier", message));
            }
        }
        if let Some(description) = &self.description {
            check_text(&mut found, "description", description, 0, MAX_LINE);
        }
        let given = [
            ("values", self.values.as_deref().unwrap_or_default()),
            ("add", self.add.as_slice()),
            ("remove", self.remove.as_slice()),
        ];
        for (path, values) in given {
            if values.len() > MAX_VALUES {
                found.push(Violation::new(path, "max_items", format!("must have at most {MAX_VALUES} entries")));
            }
            for (index, value) in values.iter().enumerate() {
                check_text(&mut found, &format!("{path}[{index}]"), value, 1, MAX_VALUE);
            }
        }
        found
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    name.starts_with(is_letter) && name.chars().all(|character| is_letter(character) || character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use common::{Clock as _, SystemClock};

    use super::*;

    fn list(values: &[&str]) -> NamedList {
        let at = SystemClock.now();
        NamedList {
            id: ValueListId::generate(),
            tenant_id: TenantId::generate(),
            name: "travel".into(),
            description: String::new(),
            values: sorted(values.iter().map(|value| (*value).to_owned())),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn values_come_and_go() {
        let before = list(&["b", "a"]);
        let change =
            ListChange { add: vec!["c".into()], remove: vec!["a".into(), "x".into()], ..ListChange::default() };
        let after = before.changed(change, SystemClock.now()).expect("a change");
        assert_eq!((after.values.as_slice(), after.version), (["b".to_owned(), "c".to_owned()].as_slice(), 2));
        let told = after.updated(&before);
        assert_eq!((told.added, told.removed, told.values), (1, 1, 2));
        let same = ListChange { values: Some(vec!["a".into(), "b".into(), "a".into()]), ..ListChange::default() };
        assert_eq!(before.changed(same, SystemClock.now()), None, "order and repetition are nothing");
    }

    #[test]
    fn names_are_what_conditions_can_write() {
        for (name, good) in [("travel", true), ("_a1", true), ("1a", false), ("a-b", false), ("ä", false), ("", false)]
        {
            assert_eq!(is_name(name), good, "{name}");
        }
    }
}
