//! What is computed from predictions: each measure from its definition.

use std::collections::BTreeMap;

use serde::Serialize;

/// A label taken for another, and how often.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Confused {
    pub(crate) truth: String,
    pub(crate) predicted: String,
    pub(crate) count: usize,
    /// The share of the true label's records.
    pub(crate) share: f64,
}

/// How one label fares.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PerLabel {
    pub(crate) label: String,
    pub(crate) records: usize,
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    pub(crate) f1: f64,
}

/// The share of right predictions among `(truth, predicted)` pairs.
pub(crate) fn accuracy(pairs: &[(u32, u32)]) -> f64 {
    share(pairs.iter().filter(|(truth, predicted)| truth == predicted).count(), pairs.len())
}

pub(crate) fn per_label(pairs: &[(u32, u32)], names: &[String]) -> Vec<PerLabel> {
    let of = |(number, name): (u32, &String)| {
        let records = pairs.iter().filter(|pair| pair.0 == number).count();
        let predicted = pairs.iter().filter(|pair| pair.1 == number).count();
        let right = pairs.iter().filter(|pair| pair.0 == number && pair.1 == number).count();
        let (precision, recall) = (share(right, predicted), share(right, records));
        let f1 = if right == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        PerLabel { label: name.clone(), records, precision, recall, f1 }
    };
    (0..).zip(names).map(of).collect()
}

/// The mean F1 over the labels that occur.
pub(crate) fn macro_f1(labels: &[PerLabel]) -> f64 {
    let present: Vec<f64> = labels.iter().filter(|label| label.records > 0).map(|label| label.f1).collect();
    mean(&present)
}

/// The pairs of labels confused most often.
pub(crate) fn confusion(pairs: &[(u32, u32)], names: &[String], most: usize) -> Vec<Confused> {
    let mut counts: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.0 != pair.1) {
        *counts.entry(*pair).or_default() += 1;
    }
    let mut counts: Vec<((u32, u32), usize)> = counts.into_iter().collect();
    counts.sort_by_key(|((truth, predicted), count)| (usize::MAX - count, *truth, *predicted));
    let named = |((truth, predicted), count): &((u32, u32), usize)| Confused {
        truth: names[*truth as usize].clone(),
        predicted: names[*predicted as usize].clone(),
        count: *count,
        share: share(*count, pairs.iter().filter(|pair| pair.0 == *truth).count()),
    };
    counts.iter().take(most).map(named).collect()
}

/// The probability that a known record scores higher than an unknown one (Mann–Whitney), ties counted half.
pub(crate) fn auroc(known: &[f64], unknown: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        known.iter().map(|score| (*score, true)).chain(unknown.iter().map(|score| (*score, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    for tied in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let known_here = tied.iter().filter(|one| one.1).count() as f64;
        let unknown_here = tied.len() as f64 - known_here;
        won += known_here * (below + unknown_here / 2.0);
        below += unknown_here;
    }
    won / (known.len() as f64 * unknown.len() as f64)
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn measures_follow_their_definitions() {
        let pairs = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 1)];
        assert!((accuracy(&pairs) - 5.0 / 6.0).abs() < 1e-12);
        let labels = per_label(&pairs, &names());
        assert!((labels[0].f1 - 0.8).abs() < 1e-12 && (labels[1].precision - 0.75).abs() < 1e-12);
        assert!((macro_f1(&labels) - (0.8 + 6.0 / 7.0) / 2.0).abs() < 1e-12, "a label without records does not count");
        let confused = confusion(&pairs, &names(), 5);
        assert_eq!((confused.len(), confused[0].truth.as_str(), confused[0].predicted.as_str()), (1, "a", "b"));
    }

    #[test]
    fn separation_is_one_when_perfect_and_a_half_by_chance() {
        assert_eq!(auroc(&[0.9, 0.8], &[0.1, 0.2]), 1.0);
        assert_eq!(auroc(&[0.5, 0.5], &[0.5]), 0.5);
        assert_eq!(auroc(&[0.1], &[0.9]), 0.0);
    }
}
