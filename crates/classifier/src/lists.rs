//! Value lists: named sets of texts that conditions refer to as `lists.name`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A set of texts at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueList {
    version: i32,
    values: HashSet<Box<str>>,
}

/// Every list of a tenant by name; cheap to clone where few are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueLists(BTreeMap<Box<str>, Arc<ValueList>>);

impl ValueList {
    /// A list of these texts.
    pub fn new(version: i32, values: impl IntoIterator<Item = String>) -> Self {
        Self { version, values: values.into_iter().map(String::into_boxed_str).collect() }
    }

    /// The version of the list.
    #[must_use]
    pub const fn version(&self) -> i32 {
        self.version
    }

    /// Whether the text is in the list, exactly as written.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.values.contains(text)
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.len() + 40).sum()
    }
}

impl ValueLists {
    /// The list of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<ValueList>> {
        self.0.get(name)
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }

    /// Adds a list, or replaces the one of that name.
    pub fn insert(&mut self, name: &str, list: Arc<ValueList>) {
        self.0.insert(name.into(), list);
    }

    /// The same lists, shared with `before` where it has them.
    #[must_use]
    pub fn sharing(mut self, before: &Self) -> Self {
        for (name, list) in &mut self.0 {
            if let Some(there) = before.0.get(name).filter(|there| *there == list) {
                *list = Arc::clone(there);
            }
        }
        self
    }

    /// Whether each list here is the same in the other.
    #[must_use]
    pub fn are_in(&self, other: &Self) -> bool {
        self.0.iter().all(|(name, list)| other.0.get(name).is_some_and(|there| there == list))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.values().map(|list| list.bytes()).sum()
    }
}

impl FromIterator<(String, ValueList)> for ValueLists {
    fn from_iter<I: IntoIterator<Item = (String, ValueList)>>(lists: I) -> Self {
        Self(lists.into_iter().map(|(name, list)| (name.into_boxed_str(), Arc::new(list))).collect())
    }
}
