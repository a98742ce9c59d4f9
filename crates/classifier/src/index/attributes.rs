//! Rules by what they need of attributes.

use std::collections::{BTreeMap, HashMap};

use common::record::AttributeValue;

use super::candidates::Candidates;
use crate::condition::Plain;

/// Rules by the name of an attribute.
#[derive(Debug, Default)]
pub(crate) struct AttributeIndex {
    by_name: HashMap<Box<str>, OneAttribute>,
    /// The names whose absence matters to a rule.
    absent: Vec<(Box<str>, Vec<u32>)>,
}

#[derive(Debug, Default)]
struct OneAttribute {
    present: Vec<u32>,
    absent: Vec<u32>,
    texts: HashMap<Box<str>, Vec<u32>>,
    numbers: HashMap<u64, Vec<u32>>,
    bools: [Vec<u32>; 2],
}

impl AttributeIndex {
    pub(crate) fn add_present(&mut self, name: &str, rule: u32) {
        self.of(name).present.push(rule);
    }

    pub(crate) fn add_absent(&mut self, name: &str, rule: u32) {
        self.of(name).absent.push(rule);
    }

    pub(crate) fn add_value(&mut self, name: &str, value: &Plain, rule: u32) {
        let one = self.of(name);
        match value {
            Plain::Text(text) => one.texts.entry(text.as_ref().into()).or_default(),
            Plain::Number(number) => one.numbers.entry(bits(*number)).or_default(),
            Plain::Bool(value) => &mut one.bools[usize::from(*value)],
        }
        .push(rule);
    }

    /// Ends the building.
    pub(crate) fn seal(&mut self) {
        let named = self.by_name.iter_mut().filter(|(_, one)| !one.absent.is_empty());
        self.absent = named.map(|(name, one)| (name.clone(), std::mem::take(&mut one.absent))).collect();
    }

    pub(crate) fn find(&self, attributes: &BTreeMap<String, AttributeValue>, found: &mut Candidates) {
        if self.by_name.is_empty() {
            return;
        }
        for (name, value) in attributes {
            let Some(one) = self.by_name.get(name.as_str()) else { continue };
            found.insert_all(&one.present);
            let rules = match value {
                AttributeValue::Text(text) => one.texts.get(text.as_str()),
                AttributeValue::Number(number) => one.numbers.get(&bits(*number)),
                AttributeValue::Bool(value) => Some(&one.bools[usize::from(*value)]),
            };
            rules.into_iter().for_each(|rules| found.insert_all(rules));
        }
        for (name, rules) in &self.absent {
            if !attributes.contains_key(name.as_ref()) {
                found.insert_all(rules);
            }
        }
    }

    fn of(&mut self, name: &str) -> &mut OneAttribute {
        self.by_name.entry(name.into()).or_default()
    }
}

/// Equal numbers have equal bits: the two zeros are one.
fn bits(number: f64) -> u64 {
    if number == 0.0 { 0 } else { number.to_bits() }
}
