//! One walk over a body that keeps what the mapping's paths name and skips the rest unparsed.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::path::{self, Step};

/// Most paths of a mapping.
const MAX_PATHS: usize = 256;

/// All paths of a mapping, each once, numbered by slot.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// The slot of each spelling.
    known: HashMap<String, usize>,
    slots: usize,
    tree: Tree,
}

/// Where the paths lead from one JSON value.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    slot: Option<usize>,
    keys: BTreeMap<String, Tree>,
    items: BTreeMap<usize, Tree>,
}

impl Paths {
    /// The slot that will hold the path's value.
    pub(super) fn slot(&mut self, text: &str) -> Result<usize, String> {
        if let Some(known) = self.known.get(text) {
            return Ok(*known);
        }
        if self.known.len() >= MAX_PATHS {
            return Err(format!("is one path too many; a mapping may have at most {MAX_PATHS} different ones"));
        }
        let steps = path::parse(text)?;
        let mut node = &mut self.tree;
        for step in steps {
            node = match step {
                Step::Key(key) => node.keys.entry(key).or_default(),
                Step::Index(index) => node.items.entry(index).or_default(),
            };
        }
        // Two spellings of one path share a slot.
        let slot = *node.slot.get_or_insert(self.slots);
        self.slots = self.slots.max(slot + 1);
        self.known.insert(text.to_owned(), slot);
        Ok(slot)
    }

    pub(super) fn finish(self) -> (Tree, usize) {
        (self.tree, self.slots)
    }
}

impl Tree {
    /// Walks a whole JSON text.
    pub(super) fn extract(&self, body: &str, slots: usize) -> Result<Vec<Option<Value>>, serde_json::Error> {
        let mut found = vec![None; slots];
        let mut deserializer = serde_json::Deserializer::from_str(body);
        Walk { tree: self, found: &mut found }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(found)
    }

    fn is_leaf(&self) -> bool {
        self.keys.is_empty() && self.items.is_empty()
    }

    /// Fills the slots below a value that is kept whole.
    fn fill(&self, value: &Value, found: &mut [Option<Value>]) {
        for (key, tree) in &self.keys {
            if let Some(inner) = value.get(key) {
                tree.keep(inner, found);
            }
        }
        for (index, tree) in &self.items {
            if let Some(inner) = value.get(index) {
                tree.keep(inner, found);
            }
        }
    }

    fn keep(&self, value: &Value, found: &mut [Option<Value>]) {
        if let Some(slot) = self.slot {
            found[slot] = Some(value.clone());
        }
        self.fill(value, found);
    }
}

struct Walk<'t, 'f> {
    tree: &'t Tree,
    found: &'f mut [Option<Value>],
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Some(slot) = self.tree.slot else { return deserializer.deserialize_any(self) };
        let value = Value::deserialize(deserializer)?;
        if !self.tree.is_leaf() {
            self.tree.fill(&value, self.found);
        }
        self.found[slot] = Some(value);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(child) = map.next_key_seed(Child(&self.tree.keys))? {
            match child {
                Some(tree) => map.next_value_seed(Walk { tree, found: &mut *self.found })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let more = match self.tree.items.get(&index) {
                Some(tree) => seq.next_element_seed(Walk { tree, found: &mut *self.found })?.is_some(),
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    // A scalar where the paths expected a container has nothing for them.
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Finds the branch of a key without copying the key.
struct Child<'t>(&'t BTreeMap<String, Tree>);

impl<'de, 't> DeserializeSeed<'de> for Child<'t> {
    type Value = Option<&'t Tree>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'_> for Child<'t> {
    type Value = Option<&'t Tree>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.get(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(paths: &[&str], body: &str) -> Vec<Option<String>> {
        let mut all = Paths::default();
        let slots: Vec<usize> = paths.iter().map(|path| all.slot(path).expect("a path")).collect();
        let (tree, count) = all.finish();
        let found = tree.extract(body, count).expect("JSON");
        slots.into_iter().map(|slot| found[slot].as_ref().map(ToString::to_string)).collect()
    }

    #[test]
    fn a_walk_keeps_what_the_paths_name() {
        let body = r#"{"a":{"b":1,"c":[{"d":"x"},{"d":"y"}]},"z":[1,2,{"deep":[null]}],"a2":true}"#;
        let found = pick(&["$.a.b", "$.a.c[1].d", "$.a.c", "$[\"a2\"]", "$.a2.b", "$.none", "$.z[9]", "$.a.b"], body);
        let text = |value: &str| Some(value.to_owned());
        assert_eq!(
            found,
            [text("1"), text("\"y\""), text(r#"[{"d":"x"},{"d":"y"}]"#), text("true"), None, None, None, text("1")]
        );
    }

    #[test]
    fn spellings_of_one_path_share_a_slot() {
        let mut paths = Paths::default();
        let slots = ["$.a", "$.b", "$[\"a\"]", "$.a", "$.c"].map(|path| paths.slot(path).expect("a path"));
        assert_eq!((slots, paths.finish().1), ([0, 1, 0, 0, 2], 3));
    }

    #[test]
    fn the_whole_text_must_be_json() {
        let mut paths = Paths::default();
        paths.slot("$.a").expect("a path");
        let (tree, slots) = paths.finish();
        for bad in ["", "{", "{\"a\":1} x", "{\"b\":tru}", "{\"b\":[1,]}", "payload=%7B%7D"] {
            assert!(tree.extract(bad, slots).is_err(), "{bad:?}");
        }
        for good in ["1", "null", "[]", "\"x\"", " {\"a\":{}} "] {
            assert!(tree.extract(good, slots).is_ok(), "{good:?}");
        }
    }
}
