//! Which rules a record could match at all, found by a few look-ups instead of trying each.
//!
//! Rules are grouped by what they need (`condition::need`): one hash look-up a field for equality, one pass of
//! Aho-Corasick a field for parts of texts, one tree of intervals for amounts, one look-up an attribute. What comes
//! out is a superset of the rules that match or have no value, in their order; the conditions themselves decide.

mod attributes;
mod candidates;
mod fields;
mod intervals;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use candidates::Candidates;

use crate::condition::{Clue, Eval, Need, TextField};
use crate::view::RecordView;
use attributes::AttributeIndex;
use fields::{FIELDS, FieldIndex, FieldIndexBuilder};
use intervals::Intervals;

/// Fewer rules are tried one by one: the look-ups would cost as much.
const LEAST_RULES: usize = 4;

/// An index over a list of rules, by their places in the list.
#[derive(Debug, Default)]
pub(crate) struct RuleIndex {
    size: usize,
    /// The rules of which nothing is known.
    always: Candidates,
    fields: [FieldIndex; FIELDS.len()],
    attributes: AttributeIndex,
    amounts: Intervals,
    without_amount: Vec<u32>,
    shared: Vec<Shared>,
}

/// A part of conditions that several rules have in common.
struct Shared {
    test: Eval<bool>,
    rules: Vec<u32>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl RuleIndex {
    /// An index of rules with these needs; a rule without any known is always a candidate.
    pub(crate) fn build<'n>(needs: impl Iterator<Item = Option<&'n Need>>) -> Self {
        let needs: Vec<Option<&Need>> = needs.collect();
        let mut building = Building::new(needs.len());
        let commonness = Commonness::count(&needs);
        for (place, need) in (0..).zip(needs) {
            match need.and_then(|need| commonness.rarest(need)).filter(|_| building.size >= LEAST_RULES) {
                Some(clues) => clues.iter().for_each(|clue| building.add(place, clue)),
                None => {
                    building.always.insert(place);
                }
            }
        }
        building.finish()
    }

    /// The rules that could come to anything but a miss.
    pub(crate) fn candidates(&self, view: &RecordView<'_>) -> Candidates {
        let mut found = self.always.clone();
        for (field, index) in FIELDS.iter().zip(&self.fields) {
            index.find(field.of(view), &mut found);
        }
        self.attributes.find(view.attributes, &mut found);
        match view.amount {
            Some(amount) => self.amounts.stab(amount, &mut found),
            None => found.insert_all(&self.without_amount),
        }
        for shared in &self.shared {
            if !matches!((shared.test)(view), Ok(false)) {
                found.insert_all(&shared.rules);
            }
        }
        found
    }

    /// How many rules are tried on every record.
    pub(crate) fn always(&self) -> usize {
        self.always.iter().count()
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.fields.iter().map(FieldIndex::bytes).sum::<usize>() + self.size * 16
    }
}

/// How many rules speak of a text. What many rules look for, many records have: `ref` in each of a thousand patterns
/// tells less than the number that follows it.
struct Commonness<'n>(HashMap<(TextField, &'n str), u32>);

impl<'n> Commonness<'n> {
    fn count(needs: &[Option<&'n Need>]) -> Self {
        let mut found = HashMap::new();
        for clue in needs.iter().copied().flatten().flat_map(Need::options).flatten() {
            if let Clue::Equals(field, text) | Clue::Part(field, _, text) = clue {
                *found.entry((*field, text.as_ref())).or_insert(0) += 1;
            }
        }
        Self(found)
    }

    /// Of what must be so, that which the fewest records show.
    fn rarest<'m>(&self, need: &'m Need) -> Option<&'m Vec<Clue>> {
        let share = |clues: &Vec<Clue>| clues.iter().map(|clue| clue.share() * self.factor(clue)).sum::<f64>();
        need.options().iter().min_by(|one, other| share(one).total_cmp(&share(other)))
    }

    fn factor(&self, clue: &Clue) -> f64 {
        match clue {
            Clue::Equals(field, text) | Clue::Part(field, _, text) => {
                let rules = self.0.get(&(*field, text.as_ref())).copied().unwrap_or(1);
                f64::from(rules).sqrt()
            }
            _ => 1.0,
        }
    }
}

struct Building {
    size: usize,
    always: Candidates,
    fields: [FieldIndexBuilder; FIELDS.len()],
    attributes: AttributeIndex,
    amounts: Vec<(f64, f64, u32)>,
    without_amount: Vec<u32>,
    shared: HashMap<Arc<str>, Shared>,
}

impl Building {
    fn new(size: usize) -> Self {
        Self {
            size,
            always: Candidates::none_of(size),
            fields: Default::default(),
            attributes: AttributeIndex::default(),
            amounts: Vec::new(),
            without_amount: Vec::new(),
            shared: HashMap::new(),
        }
    }

    fn add(&mut self, place: u32, clue: &Clue) {
        match clue {
            Clue::Equals(field, text) => self.fields[field.place()].add_whole(text, place),
            Clue::Part(field, at, text) => self.fields[field.place()].add_part(text, *at, place),
            Clue::Amount { from, to, or_absent } => {
                self.amounts.push((*from, *to, place));
                if *or_absent {
                    self.without_amount.push(place);
                }
            }
            Clue::Attribute(name) => self.attributes.add_present(name, place),
            Clue::NoAttribute(name) => self.attributes.add_absent(name, place),
            Clue::AttributeIs(name, value) => self.attributes.add_value(name, value, place),
            Clue::Shared(source, test) => {
                let new = || Shared { test: Arc::clone(test), rules: Vec::new() };
                self.shared.entry(Arc::clone(source)).or_insert_with(new).rules.push(place);
            }
        }
    }

    fn finish(self) -> RuleIndex {
        let Self { size, mut always, fields, mut attributes, amounts, without_amount, shared } = self;
        attributes.seal();
        RuleIndex {
            size,
            fields: fields.map(|field| field.build(&mut always)),
            always,
            attributes,
            amounts: Intervals::build(amounts),
            without_amount,
            shared: shared.into_values().collect(),
        }
    }
}
