//! The weighted cross-entropy of a linear model and its gradient, over blocks of samples.

use super::lbfgs::Objective;
use super::{Sample, Target};
use crate::vector::{add_scaled, dot, widest};

pub(super) struct Loss<'a> {
    samples: &'a [Sample<'a>],
    balance: Vec<f32>,
    labels: usize,
    width: usize,
    cost: f32,
}

impl<'a> Loss<'a> {
    pub(super) fn new(samples: &'a [Sample<'a>], labels: usize, width: usize, cost: f32) -> Self {
        Self { samples, balance: balance(samples, labels), labels, width, cost }
    }

    #[inline(always)]
    fn shares(&self, sample: &Sample<'_>, weights: &[f32], bias: &[f32]) -> (Vec<f32>, f64) {
        let mut shares = bias.to_vec();
        for (share, row) in shares.iter_mut().zip(weights.chunks_exact(self.width)) {
            *share += dot(row, sample.features);
        }
        let at_target = |logits: &[f32]| match sample.target {
            Target::Label(label) => f64::from(logits[label as usize]),
            Target::Shares(target) => {
                logits.iter().zip(target).map(|(logit, share)| f64::from(*logit) * f64::from(*share)).sum()
            }
        };
        let loss = into_shares(&mut shares, at_target);
        (shares, loss)
    }

    #[inline(always)]
    fn value_and_slope(&self, point: &[f32], gradient: &mut [f32]) -> f64 {
        let (weights, bias) = point.split_at(self.labels * self.width);
        let penalty = 0.5 / f64::from(self.cost);
        let mut value = penalty * weights.iter().map(|weight| f64::from(*weight) * f64::from(*weight)).sum::<f64>();
        let (to_weights, to_bias) = gradient.split_at_mut(self.labels * self.width);
        to_weights.iter_mut().zip(weights).for_each(|(slope, weight)| *slope = weight / self.cost);
        to_bias.fill(0.0);
        for (sample, balance) in self.samples.iter().zip(&self.balance) {
            let (mut residual, loss) = self.shares(sample, weights, bias);
            value += f64::from(*balance) * loss;
            match sample.target {
                Target::Label(label) => residual[label as usize] -= 1.0,
                Target::Shares(target) => residual.iter_mut().zip(target).for_each(|(share, wanted)| *share -= wanted),
            }
            for ((row, slope), residual) in
                to_weights.chunks_exact_mut(self.width).zip(to_bias.iter_mut()).zip(&residual)
            {
                let factor = balance * residual;
                *slope += factor;
                // Most labels are all but excluded for most samples: they move nothing that counts.
                if factor.abs() > 1e-6 {
                    add_scaled(row, factor, sample.features);
                }
            }
        }
        value
    }
}

/// Turns logits into shares and gives the loss, for the logit that `at_target` picks out of them.
#[inline(always)]
pub(super) fn into_shares(logits: &mut [f32], at_target: impl Fn(&[f32]) -> f64) -> f64 {
    let wanted = at_target(logits);
    let highest = logits.iter().fold(f32::NEG_INFINITY, |highest, value| highest.max(*value));
    let mut sum = 0.0_f64;
    for value in logits.iter_mut() {
        *value = libm::expf(*value - highest);
        sum += f64::from(*value);
    }
    let inverse = sum.recip() as f32;
    logits.iter_mut().for_each(|value| *value *= inverse);
    f64::from(highest) + libm::log(sum) - wanted
}

impl Objective for Loss<'_> {
    fn evaluate(&self, point: &[f32], gradient: &mut [f32]) -> f64 {
        widest(
            #[inline(always)]
            || self.value_and_slope(point, gradient),
        )
    }

    fn tolerance(&self) -> f64 {
        3e-3 * (self.samples.len() as f64).sqrt() / 10.0
    }
}

// Each label counts alike in sum, as far as a tenth to tenfold; samples with shares count as they are.
fn balance(samples: &[Sample<'_>], labels: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f32; labels];
    for sample in samples {
        if let Target::Label(label) = sample.target {
            sums[label as usize] += sample.weight;
        }
    }
    let present = sums.iter().filter(|sum| **sum > 0.0).count().max(1) as f32;
    let mean = sums.iter().sum::<f32>() / present;
    let weight = |sample: &Sample<'_>| match sample.target {
        Target::Label(label) => sample.weight * (mean / sums[label as usize]).clamp(0.1, 10.0),
        Target::Shares(_) => sample.weight,
    };
    samples.iter().map(weight).collect()
}
