//! Products of vectors, written so that the compiler uses the processor's lanes and every machine gets the same bits.
//!
//! Sums run in a fixed number of lanes: floating-point addition is not associative, and a compiler may not reorder it.

const LANES: usize = 16;

/// The scalar product.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (left, left_rest) = a.as_chunks::<LANES>();
    let (right, right_rest) = b.as_chunks::<LANES>();
    for (x, y) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(x, y)| x * y).sum();
    fold(sums) + rest
}

/// `into += factor · row`.
pub fn add_scaled(into: &mut [f32], factor: f32, row: &[f32]) {
    into.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
}

/// A vector in steps of a 127th of its largest value, with that step.
pub fn quantise(vector: &[f32]) -> (Vec<i8>, f32) {
    let largest = vector.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (vector.iter().map(|value| (value / scale).round() as i8).collect(), scale)
}

/// The scalar product of quantised vectors, exact.
pub fn dot_small(a: &[i8], b: &[i8]) -> i32 {
    // Neither can overflow: 16,384 for each dimension. Wrapping keeps checks out of the loop.
    a.iter().zip(b).fold(0, |sum: i32, (x, y)| sum.wrapping_add(i32::from(*x).wrapping_mul(i32::from(*y))))
}

fn fold(mut sums: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}
