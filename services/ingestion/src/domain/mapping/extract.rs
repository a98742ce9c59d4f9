//! One walk over a body that keeps what the mapping's paths name and skips the rest unparsed.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::path::{self, Step};

/// All paths of a mapping, each once, numbered by slot.
#[derive(Debug, Default)]
pub(super) struct Paths {
    texts: Vec<String>,
    tree: Tree,
}

/// Where the paths lead from one JSON value.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    slot: Option<usize>,
    keys: Vec<(String, Tree)>,
    items: Vec<(usize, Tree)>,
}

impl Paths {
    /// The slot that will hold the path's value.
    pub(super) fn slot(&mut self, text: &str) -> Result<usize, String> {
        if let Some(known) = self.texts.iter().position(|path| path == text) {
            return Ok(known);
        }
        let steps = path::parse(text)?;
        let mut node = &mut self.tree;
        for step in steps {
            node = match step {
                Step::Key(key) => child(&mut node.keys, key),
                Step::Index(index) => child(&mut node.items, index),
            };
        }
        // Two spellings of one path share a slot.
        if let Some(slot) = node.slot {
            return Ok(slot);
        }
        let slot = self.texts.len();
        node.slot = Some(slot);
        self.texts.push(text.to_owned());
        Ok(slot)
    }

    pub(super) fn finish(self) -> (Tree, usize) {
        (self.tree, self.texts.len())
    }
}

fn child<K: PartialEq>(children: &mut Vec<(K, Tree)>, key: K) -> &mut Tree {
    let position = children.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        children.push((key, Tree::default()));
        children.len() - 1
    });
    &mut children[position].1
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

    const fn is_leaf(&self) -> bool {
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
            let child = self.tree.items.iter().find(|(known, _)| *known == index);
            let more = match child {
                Some((_, tree)) => seq.next_element_seed(Walk { tree, found: &mut *self.found })?.is_some(),
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
struct Child<'t>(&'t [(String, Tree)]);

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
        Ok(self.0.iter().find(|(known, _)| known == key).map(|(_, tree)| tree))
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
