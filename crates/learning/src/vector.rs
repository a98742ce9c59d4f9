//! Products of vectors, written so that the compiler uses the processor's lanes and every machine gets the same bits.
//!
//! Sums run in a fixed number of lanes: floating-point addition is not associative, and a compiler may not reorder it. How
//! many of these lanes one instruction covers is the processor's affair: [`widest`] chooses at run time.

use rten_simd::{Isa, SimdOp};

const LANES: usize = 16;

/// Runs `work` compiled for the widest instructions of this processor. It must be marked `#[inline(always)]`, as the
/// functions of this module are, and loop rather than hand closures on: what is not inlined is compiled for every processor
/// alike. Results do not depend on it: the order of sums is in the code, and a product is fused with a sum only where asked.
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    Widest(work).dispatch()
}

struct Widest<F>(F);

impl<R, F: FnOnce() -> R> SimdOp for Widest<F> {
    type Output = R;

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) -> R {
        (self.0)()
    }
}

/// The scalar product.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (left, left_rest) = a.as_chunks::<LANES>();
    let (right, right_rest) = b.as_chunks::<LANES>();
    for (x, y) in left.iter().zip(right) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    let mut rest = 0.0;
    for (x, y) in left_rest.iter().zip(right_rest) {
        rest += x * y;
    }
    fold(sums) + rest
}

/// `into += factor · row`.
#[inline(always)]
pub fn add_scaled(into: &mut [f32], factor: f32, row: &[f32]) {
    for (sum, value) in into.iter_mut().zip(row) {
        *sum += factor * value;
    }
}

/// A vector in steps of a 127th of its largest value, with that step.
pub fn quantise(vector: &[f32]) -> (Vec<i8>, f32) {
    let largest = vector.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (vector.iter().map(|value| (value / scale).round() as i8).collect(), scale)
}

/// The scalar product of quantised vectors, exact.
#[inline(always)]
pub fn dot_small(a: &[i8], b: &[i8]) -> i32 {
    // Neither can overflow: 16,384 for each dimension. Wrapping keeps checks out of the loop.
    let mut sum = 0_i32;
    for (x, y) in a.iter().zip(b) {
        sum = sum.wrapping_add(i32::from(*x).wrapping_mul(i32::from(*y)));
    }
    sum
}

#[inline(always)]
fn fold(mut sums: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        let (low, high) = sums.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        width /= 2;
    }
    sums[0]
}
