//! Rules by what they need of a text field: the whole of it, or a part.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::candidates::Candidates;
use crate::condition::{Place, TextField};

/// The fields, each at its place in an index.
pub(crate) const FIELDS: [TextField; 5] =
    [TextField::Title, TextField::Text, TextField::Currency, TextField::Counterparty, TextField::Source];

impl TextField {
    /// Its place in [`FIELDS`].
    pub(crate) const fn place(self) -> usize {
        match self {
            Self::Title => 0,
            Self::Text => 1,
            Self::Currency => 2,
            Self::Counterparty => 3,
            Self::Source => 4,
        }
    }
}

/// Rules by the texts of one field.
#[derive(Debug, Default)]
pub(crate) struct FieldIndex {
    whole: HashMap<Box<str>, Vec<u32>>,
    /// Length of the longest whole text: a longer field is not hashed at all.
    longest: usize,
    parts: Option<Parts>,
}

#[derive(Debug)]
struct Parts {
    automaton: AhoCorasick,
    rules: Vec<RulesOfPart>,
}

/// The rules that need one part, by where in the field it must be.
#[derive(Debug, Default)]
struct RulesOfPart {
    anywhere: Vec<u32>,
    anchored: Vec<(Place, u32)>,
}

#[derive(Debug, Default)]
pub(crate) struct FieldIndexBuilder {
    whole: HashMap<Box<str>, Vec<u32>>,
    parts: HashMap<Box<str>, RulesOfPart>,
}

impl FieldIndexBuilder {
    pub(crate) fn add_whole(&mut self, text: &str, rule: u32) {
        self.whole.entry(text.into()).or_default().push(rule);
    }

    pub(crate) fn add_part(&mut self, text: &str, at: Place, rule: u32) {
        let rules = self.parts.entry(text.to_ascii_lowercase().into()).or_default();
        match at {
            Place::Anywhere => rules.anywhere.push(rule),
            Place::Start | Place::End | Place::Whole => rules.anchored.push((at, rule)),
        }
    }

    /// Ends the building. Rules that cannot be indexed go to those that are always tried.
    pub(crate) fn build(self, always: &mut Candidates) -> FieldIndex {
        let longest = self.whole.keys().map(|text| text.len()).max().unwrap_or(0);
        FieldIndex { longest, whole: self.whole, parts: parts(self.parts, always) }
    }
}

fn parts(parts: HashMap<Box<str>, RulesOfPart>, always: &mut Candidates) -> Option<Parts> {
    if parts.is_empty() {
        return None;
    }
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let (texts, rules): (Vec<Box<str>>, Vec<RulesOfPart>) = parts.into_iter().unzip();
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(texts.iter().map(|text| text.as_bytes()));
    if let Ok(automaton) = automaton {
        return Some(Parts { automaton, rules });
    }
    for rules in &rules {
        always.insert_all(&rules.anywhere);
        for (_, rule) in &rules.anchored {
            always.insert(*rule);
        }
    }
    None
}

impl FieldIndex {
    /// Inserts the rules that the field's text could satisfy.
    pub(crate) fn find(&self, text: &str, found: &mut Candidates) {
        if !self.whole.is_empty()
            && text.len() <= self.longest
            && let Some(rules) = self.whole.get(text)
        {
            found.insert_all(rules);
        }
        let Some(parts) = &self.parts else { return };
        // A part that occurs a thousand times is looked up once.
        let mut seen = Candidates::none_of(parts.rules.len());
        for hit in parts.automaton.find_overlapping_iter(text) {
            let Some(rules) = parts.rules.get(hit.pattern().as_usize()) else { continue };
            if seen.insert(hit.pattern().as_u32()) {
                found.insert_all(&rules.anywhere);
            }
            let (starts, ends) = (hit.start() == 0, hit.end() == text.len());
            if starts || ends {
                let fits = |place: &Place| match place {
                    Place::Start => starts,
                    Place::End => ends,
                    Place::Whole => starts && ends,
                    Place::Anywhere => true,
                };
                for (_, rule) in rules.anchored.iter().filter(|(place, _)| fits(place)) {
                    found.insert(*rule);
                }
            }
        }
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let whole: usize = self.whole.keys().map(|text| text.len() + 64).sum();
        whole + self.parts.as_ref().map_or(0, |parts| parts.automaton.memory_usage() + parts.rules.len() * 40)
    }
}
