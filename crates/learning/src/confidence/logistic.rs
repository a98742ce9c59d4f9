//! Logistic regression of few variables by Newton's method, for calibration maps.

use libm::exp;

const STEPS: usize = 50;

/// The logistic function.
pub(super) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + exp(-x))
    } else {
        let e = exp(x);
        e / (1.0 + e)
    }
}

/// One observation.
pub(super) struct Observed<const N: usize> {
    pub(super) features: [f64; N],
    pub(super) positive: bool,
    pub(super) weight: f64,
}

/// Coefficients that make the observations likeliest, drawn towards `prior` as by one observation of each coefficient.
pub(super) fn fit<const N: usize>(observed: &[Observed<N>], prior: [f64; N]) -> [f64; N] {
    let mut beta = prior;
    for _ in 0..STEPS {
        let mut gradient: [f64; N] = std::array::from_fn(|i| prior[i] - beta[i]);
        let mut hessian = [[0.0; N]; N];
        for (i, row) in hessian.iter_mut().enumerate() {
            row[i] = 1.0;
        }
        for one in observed {
            accumulate(one, &beta, &mut gradient, &mut hessian);
        }
        let step = solve(hessian, gradient);
        // Newton's step may overshoot where the data are separable.
        let longest = step.iter().fold(0.0_f64, |longest, value| longest.max(value.abs()));
        let scale = if longest > 1.0 { longest.recip() } else { 1.0 };
        beta.iter_mut().zip(step).for_each(|(value, step)| *value += scale * step);
        if longest < 1e-9 {
            break;
        }
    }
    beta
}

fn accumulate<const N: usize>(
    one: &Observed<N>,
    beta: &[f64; N],
    gradient: &mut [f64; N],
    hessian: &mut [[f64; N]; N],
) {
    let p = sigmoid(one.features.iter().zip(beta).map(|(x, b)| x * b).sum());
    let residual = one.weight * (f64::from(u8::from(one.positive)) - p);
    let curvature = one.weight * p * (1.0 - p);
    for ((row, slope), x) in hessian.iter_mut().zip(gradient).zip(one.features) {
        *slope += residual * x;
        row.iter_mut().zip(one.features).for_each(|(cell, y)| *cell += curvature * x * y);
    }
}

// Gaussian elimination; the matrix is positive definite, so no pivot is zero.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for column in 0..N {
        for row in column + 1..N {
            let pivot = matrix[column];
            let factor = matrix[row][column] / pivot[column];
            matrix[row].iter_mut().zip(pivot).skip(column).for_each(|(cell, above)| *cell -= factor * above);
            right[row] -= factor * right[column];
        }
    }
    let mut solution = [0.0; N];
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|k| matrix[row][k] * solution[k]).sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    solution
}
