//! Intervals of numbers, and which of them hold a number: in time that grows with the answer.

use super::candidates::Candidates;

/// Intervals in order of their lower bounds, each half knowing the highest upper bound in it: an implicit tree.
#[derive(Debug, Default)]
pub(crate) struct Intervals {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    from: f64,
    to: f64,
    /// The highest upper bound in the subtree whose root this is.
    highest: f64,
    rule: u32,
}

impl Intervals {
    /// Bounds are included on both sides.
    pub(crate) fn build(mut intervals: Vec<(f64, f64, u32)>) -> Self {
        intervals.sort_by(|one, other| one.0.total_cmp(&other.0));
        let entry = |(from, to, rule)| Entry { from, to, highest: to, rule };
        let mut built = Self { entries: intervals.into_iter().map(entry).collect() };
        raise(&mut built.entries);
        built
    }

    /// Inserts the rules of the intervals that hold the number.
    pub(crate) fn stab(&self, number: f64, found: &mut Candidates) {
        descend(&self.entries, number, found);
    }
}

fn raise(entries: &mut [Entry]) -> f64 {
    if entries.is_empty() {
        return f64::NEG_INFINITY;
    }
    let (left, rest) = entries.split_at_mut(entries.len() / 2);
    let Some((root, right)) = rest.split_first_mut() else { return f64::NEG_INFINITY };
    root.highest = root.to.max(raise(left)).max(raise(right));
    root.highest
}

fn descend(entries: &[Entry], number: f64, found: &mut Candidates) {
    let (left, rest) = entries.split_at(entries.len() / 2);
    let Some((root, right)) = rest.split_first() else { return };
    if number > root.highest {
        return;
    }
    descend(left, number, found);
    if number >= root.from {
        if number <= root.to {
            found.insert(root.rule);
        }
        descend(right, number, found);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_loop_finds(bounds in prop::collection::vec((-20_i32..20, 0_i32..10), 0..60), at in -25_i32..35) {
            let intervals: Vec<(f64, f64, u32)> = (0..)
                .zip(&bounds)
                .map(|(rule, (from, length))| (f64::from(*from), f64::from(from + length), rule))
                .collect();
            let wanted: Vec<usize> = intervals
                .iter()
                .filter(|(from, to, _)| (*from..=*to).contains(&f64::from(at)))
                .map(|(.., rule)| *rule as usize)
                .collect();
            let mut found = Candidates::none_of(intervals.len());
            Intervals::build(intervals).stab(f64::from(at), &mut found);
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
        }
    }
}
