//! Probabilities from log-odds, by software: the system's `exp` differs between machines in the last bit.

/// Each value's share of the exponentials' sum.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let highest = logits.iter().fold(f32::NEG_INFINITY, |highest, value| highest.max(*value));
    let mut shares: Vec<f64> = logits.iter().map(|value| libm::exp(f64::from(value - highest))).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// The log-odds of a probability, within ±30.
pub fn log_odds(probability: f64) -> f64 {
    (libm::log(probability) - libm::log1p(-probability)).clamp(-30.0, 30.0)
}
