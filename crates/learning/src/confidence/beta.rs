//! The beta distribution, and the exact bounds of an error rate that follow from it.
//!
//! Incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method); quantiles by bisection.

use libm::{exp, lgamma, log};

const TINY: f64 = 1e-300;

/// The regularised incomplete beta function: how likely a value below `x` is.
pub fn cumulative(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// The value below which a share `p` lies.
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cumulative(middle, a, b) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The one-sided upper bound of an error rate (Clopper & Pearson 1934) after `errors` in `n`: the true rate lies above it
/// with a probability of at most `1 - confidence`. Both counts may be fractions, as weighted audits give them.
pub fn upper_bound(errors: f64, n: f64, confidence: f64) -> f64 {
    if n <= 0.0 || errors >= n { 1.0 } else { quantile(confidence, errors + 1.0, n - errors) }
}

/// The one-sided lower bound of an error rate.
pub fn lower_bound(errors: f64, n: f64, confidence: f64) -> f64 {
    if n <= 0.0 || errors <= 0.0 { 0.0 } else { quantile(1.0 - confidence, errors, n - errors + 1.0) }
}

/// How many decisions without an error it takes until the upper bound is `rate`.
pub fn least_without_errors(rate: f64, confidence: f64) -> f64 {
    libm::ceil(log(1.0 - confidence) / log(1.0 - rate))
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = guard(1.0 - (a + b) * x / (a + 1.0)).recip();
    let mut result = d;
    for step in 1..500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = guard(1.0 + even * d).recip();
        c = guard(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = guard(1.0 + odd * d).recip();
        c = guard(1.0 + odd / c);
        result *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_published_tables() {
        // scipy.stats.beta.ppf(0.9, k + 1, n - k)
        for (errors, n, bound) in
            [(0.0, 45.0, 0.049_881), (1.0, 77.0, 0.049_577), (5.0, 184.0, 0.049_821), (3.0, 50.0, 0.128_756)]
        {
            let found = upper_bound(errors, n, 0.9);
            assert!((found - bound).abs() < 1e-5, "{errors} of {n}: {found}, expected {bound}");
        }
        assert_eq!(least_without_errors(0.05, 0.9), 45.0);
        assert_eq!(least_without_errors(0.01, 0.9), 230.0);
    }

    #[test]
    fn the_bounds_enclose_the_rate() {
        for (errors, n) in [(1.0, 10.0), (2.5, 31.4), (40.0, 80.0), (999.0, 1000.0)] {
            assert!(lower_bound(errors, n, 0.9) < errors / n);
            assert!(upper_bound(errors, n, 0.9) > errors / n);
        }
        assert_eq!(upper_bound(0.0, 0.0, 0.9), 1.0);
        assert_eq!(lower_bound(0.0, 12.0, 0.9), 0.0);
    }

    #[test]
    fn a_quantile_inverts_the_distribution() {
        for p in [0.01, 0.5, 0.9, 0.999] {
            assert!((cumulative(quantile(p, 3.0, 200.0), 3.0, 200.0) - p).abs() < 1e-9);
        }
    }
}
