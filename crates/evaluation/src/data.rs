//! A labelled file, and its division into what is learnt from and what is measured on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Deserialize;

/// Texts with the numbers of their labels.
pub(crate) struct Labelled {
    pub(crate) names: Vec<String>,
    pub(crate) texts: Vec<String>,
    pub(crate) labels: Vec<u32>,
}

/// Indices into a [`Labelled`].
#[derive(Clone, Debug)]
pub(crate) struct Split {
    /// For each label, its records in random order: the first n are a sample of n.
    pub(crate) pool: Vec<Vec<usize>>,
    /// Never learnt from, as many of each label as there are.
    pub(crate) held_out: Vec<usize>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
    category: String,
}

impl Labelled {
    /// Reads a CSV with the columns `text` and `category`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
        let rows: Vec<Row> =
            reader.deserialize().collect::<Result<_, _>>().context("expected a CSV with the columns text,category")?;
        let mut numbers: BTreeMap<&str, u32> = rows.iter().map(|row| (row.category.as_str(), 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, next)| *number = next);
        ensure!(numbers.len() > 1, "{} has fewer than two categories", path.display());
        let labels = rows.iter().map(|row| numbers[row.category.as_str()]).collect();
        let names = numbers.keys().map(|name| (*name).to_owned()).collect();
        Ok(Self { names, labels, texts: rows.into_iter().map(|row| row.text).collect() })
    }

    /// Holds out up to `most` records of each label, a third at most.
    pub(crate) fn split(&self, seed: u64, most: usize) -> Split {
        let mut random = StdRng::seed_from_u64(seed);
        let mut split = Split { pool: Vec::new(), held_out: Vec::new() };
        for label in 0..self.names.len() as u32 {
            let mut own: Vec<usize> = (0..self.labels.len()).filter(|index| self.labels[*index] == label).collect();
            own.shuffle(&mut random);
            let rest = own.split_off(most.min(own.len() / 3));
            split.held_out.extend(own);
            split.pool.push(rest);
        }
        split
    }
}

impl Split {
    /// At most `each` records of every label, or all.
    pub(crate) fn sample(&self, each: Option<usize>) -> Vec<usize> {
        let take = |own: &Vec<usize>| own.iter().take(each.unwrap_or(own.len())).copied().collect::<Vec<_>>();
        self.pool.iter().flat_map(take).collect()
    }

    /// What a sample leaves over.
    pub(crate) fn rest(&self, each: Option<usize>) -> Vec<usize> {
        let skip = |own: &Vec<usize>| own.iter().skip(each.unwrap_or(own.len())).copied().collect::<Vec<_>>();
        self.pool.iter().flat_map(skip).collect()
    }
}
