//! Multinomial logistic regression on vectors: the part of a tenant's model that is fitted.
//!
//! The loss is the class-balanced cross-entropy with a squared penalty, convex, so that the start does not matter; solved
//! by L-BFGS (Nocedal & Wright 2006, algorithm 7.4) on one thread in a fixed order: the same exemplars give the same bits.

pub(crate) mod lbfgs;
mod loss;
pub(crate) mod sparse;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::softmax::softmax;
use crate::vector::dot;
use loss::Loss;

/// One thing to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// What is seen; all samples have the same length.
    pub features: &'a [f32],
    /// How likely each label is: one for a decided record.
    pub target: Target<'a>,
    /// How much it counts.
    pub weight: f32,
}

/// What a sample teaches.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// This label.
    Label(u32),
    /// Each label with a probability; for records that nobody has decided.
    Shares(&'a [f32]),
}

/// How a head is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FitSettings {
    /// The inverse of the penalty's strength.
    pub cost: f32,
    /// The highest number of steps.
    pub steps: usize,
}

impl Default for FitSettings {
    fn default() -> Self {
        Self { cost: 30.0, steps: 100 }
    }
}

/// The fitted weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    labels: usize,
    width: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Head {
    /// A head that knows nothing.
    pub fn blank(labels: usize, width: usize) -> Self {
        Self { labels, width, weights: vec![0.0; labels * width], bias: vec![0.0; labels] }
    }

    /// Fits to the samples, starting from `self`: a head fitted before makes it quick.
    #[must_use]
    pub fn fit(&self, samples: &[Sample<'_>], settings: FitSettings) -> Self {
        if samples.is_empty() {
            return self.clone();
        }
        let loss = Loss::new(samples, self.labels, self.width, settings.cost);
        let mut start = self.weights.clone();
        start.extend_from_slice(&self.bias);
        let mut weights = lbfgs::minimise(&loss, start, settings.steps);
        let bias = weights.split_off(self.labels * self.width);
        Self { labels: self.labels, width: self.width, weights, bias }
    }

    /// The unscaled log-odds of each label.
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        self.weights
            .chunks_exact(self.width.max(1))
            .zip(&self.bias)
            .map(|(row, bias)| dot(row, features) + bias)
            .collect()
    }

    /// The probability of each label.
    pub fn probabilities(&self, features: &[f32]) -> Vec<f64> {
        softmax(&self.logits(features))
    }

    pub(crate) fn digest(&self, into: &mut Sha256) {
        into.update((self.labels as u64).to_le_bytes());
        self.weights.iter().chain(&self.bias).for_each(|value| into.update(value.to_le_bytes()));
    }
}
