//! The weighted cross-entropy over words: few of many features are present, so weights lie by feature.

use super::lbfgs::Objective;
use crate::vector::{add_scaled, dot, widest};

pub(crate) struct SparseLoss<'a> {
    samples: &'a [(Vec<(u32, f32)>, u32)],
    balance: Vec<f32>,
    labels: usize,
    width: usize,
    cost: f32,
}

impl<'a> SparseLoss<'a> {
    pub(crate) fn new(samples: &'a [(Vec<(u32, f32)>, u32)], labels: usize, width: usize, cost: f32) -> Self {
        let mut counts = vec![0.0_f32; labels];
        samples.iter().for_each(|sample| counts[sample.1 as usize] += 1.0);
        let present = counts.iter().filter(|count| **count > 0.0).count().max(1) as f32;
        let mean = samples.len() as f32 / present;
        let balance = samples.iter().map(|sample| (mean / counts[sample.1 as usize]).clamp(0.1, 10.0)).collect();
        Self { samples, balance, labels, width, cost }
    }

    /// Nothing learnt yet: weights by feature, then the biases.
    pub(crate) fn start(&self) -> Vec<f32> {
        vec![0.0; (self.width + 1) * self.labels]
    }

    #[inline(always)]
    fn value_and_slope(&self, point: &[f32], gradient: &mut [f32]) -> f64 {
        let (weights, bias) = point.split_at(self.width * self.labels);
        let (to_weights, to_bias) = gradient.split_at_mut(self.width * self.labels);
        let squares: f64 = weights.chunks(256).map(|part| f64::from(dot(part, part))).sum();
        let mut value = 0.5 / f64::from(self.cost) * squares;
        to_weights.iter_mut().zip(weights).for_each(|(slope, weight)| *slope = weight / self.cost);
        to_bias.fill(0.0);
        let mut shares = vec![0.0; self.labels];
        for ((features, label), balance) in self.samples.iter().zip(&self.balance) {
            shares.copy_from_slice(bias);
            for (place, amount) in features {
                let start = *place as usize * self.labels;
                add_scaled(&mut shares, *amount, &weights[start..start + self.labels]);
            }
            value += f64::from(*balance)
                * super::loss::into_shares(&mut shares, |logits| f64::from(logits[*label as usize]));
            shares[*label as usize] -= 1.0;
            shares.iter_mut().for_each(|residual| *residual *= balance);
            add_scaled(to_bias, 1.0, &shares);
            for (place, amount) in features {
                let start = *place as usize * self.labels;
                add_scaled(&mut to_weights[start..start + self.labels], *amount, &shares);
            }
        }
        value
    }
}

impl Objective for SparseLoss<'_> {
    fn evaluate(&self, point: &[f32], gradient: &mut [f32]) -> f64 {
        widest(
            #[inline(always)]
            || self.value_and_slope(point, gradient),
        )
    }

    fn tolerance(&self) -> f64 {
        3e-4 * (self.samples.len() as f64).sqrt()
    }
}
