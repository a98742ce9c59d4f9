//! L-BFGS with a line search that first tries the whole step.

use std::collections::VecDeque;

use crate::vector::{add_scaled, dot, widest};

const MEMORY: usize = 10;
const HALVINGS: usize = 25;
/// Sufficient decrease (Armijo).
const DECREASE: f64 = 1e-4;
/// A step must also leave the slope flatter (Wolfe), or it teaches nothing of the curvature.
const CURVATURE: f64 = 1e-10;

/// What is minimised.
pub(crate) trait Objective {
    /// The value at `point`; its gradient goes to `gradient`.
    fn evaluate(&self, point: &[f32], gradient: &mut [f32]) -> f64;
    /// The gradient's length below which it is good enough.
    fn tolerance(&self) -> f64;
}

struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    curvature: f64,
}

/// A point near the minimum, after at most so many steps.
pub(crate) fn minimise(objective: &impl Objective, mut point: Vec<f32>, steps: usize) -> Vec<f32> {
    let mut gradient = vec![0.0; point.len()];
    let mut value = objective.evaluate(&point, &mut gradient);
    let mut memory: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let (mut next, mut next_gradient) = (point.clone(), gradient.clone());
    for _ in 0..steps {
        let norm = product(&gradient, &gradient).sqrt();
        if norm < objective.tolerance() {
            break;
        }
        let direction = direction(&gradient, &memory);
        let slope = product(&direction, &gradient);
        let mut length = if memory.is_empty() { norm.recip().min(1.0) } else { 1.0 };
        let mut found = None;
        for _ in 0..HALVINGS {
            for ((next, old), along) in next.iter_mut().zip(&point).zip(&direction) {
                *next = old + length as f32 * along;
            }
            let reached = objective.evaluate(&next, &mut next_gradient);
            if reached <= value + DECREASE * length * slope {
                found = Some(reached);
                break;
            }
            length *= 0.5;
        }
        let Some(reached) = found else { break };
        remember(&mut memory, &point, &next, &gradient, &next_gradient);
        std::mem::swap(&mut point, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = reached;
    }
    point
}

fn remember(memory: &mut VecDeque<Pair>, point: &[f32], next: &[f32], gradient: &[f32], next_gradient: &[f32]) {
    let step = difference(next, point);
    let change = difference(next_gradient, gradient);
    let curvature = product(&step, &change);
    if curvature <= CURVATURE {
        return;
    }
    if memory.len() == MEMORY {
        memory.pop_front();
    }
    memory.push_back(Pair { step, change, curvature });
}

/// Against the gradient, bent by what the last steps showed of the curvature (the two-loop recursion).
fn direction(gradient: &[f32], memory: &VecDeque<Pair>) -> Vec<f32> {
    let mut direction: Vec<f32> = gradient.iter().map(|value| -value).collect();
    let mut factors = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let factor = product(&pair.step, &direction) / pair.curvature;
        add(&mut direction, -factor, &pair.change);
        factors.push(factor);
    }
    if let Some(last) = memory.back() {
        let scale = (last.curvature / product(&last.change, &last.change)) as f32;
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for (pair, factor) in memory.iter().zip(factors.iter().rev()) {
        let back = product(&pair.change, &direction) / pair.curvature;
        add(&mut direction, factor - back, &pair.step);
    }
    direction
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    // A row at a time in f32 lanes, the rows' sums in f64.
    widest(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for (a, b) in a.chunks(256).zip(b.chunks(256)) {
                sum += f64::from(dot(a, b));
            }
            sum
        },
    )
}

fn difference(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(into: &mut [f32], factor: f64, row: &[f32]) {
    widest(
        #[inline(always)]
        || add_scaled(into, factor as f32, row),
    );
}
