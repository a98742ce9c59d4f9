//! A fully connected layer, in f32 or with int8 weights.
//!
//! int8: a scale for each output channel, symmetric; activations are quantised to u8 with a scale and a zero point for each
//! row as they come, so one outlier in a batch does not coarsen the others. Sums are exact in i32.

use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::SimdOp;
use rten_tensor::Matrix;
use rten_vecmath::{ExtendInit, MinMax, Quantize};

use super::tensors::Tensors;
use crate::encoder::Precision;
use crate::weights::LoadError;

/// The processor's kernels. They stay on the thread that chose them, so each pass chooses its own; it costs nothing.
#[derive(Default)]
pub(super) struct Kernels {
    pub(super) real: GemmExecutor,
    small: GemmExecutor<u8, i8, i32>,
}

/// The weights of a layer, packed for the processor's kernel.
pub(super) struct Linear {
    bias: Vec<f32>,
    weights: Weights,
}

enum Weights {
    F32 { packed: PackedBMatrix<f32> },
    Int8 { packed: PackedBMatrix<i8>, channels: Vec<Channel>, levels: f32 },
}

/// How an output channel's integers become numbers.
#[derive(Clone, Copy)]
struct Channel {
    scale: f32,
    /// The sum of its weights, for the share that the inputs' zero point has in a product.
    sum: i32,
}

impl Linear {
    /// Reads `{name}.weight` and `{name}.bias` of each name and lays their outputs side by side.
    pub(super) fn read(
        tensors: &Tensors<'_>,
        names: &[String],
        inputs: usize,
        outputs: usize,
        precision: Precision,
    ) -> Result<Self, LoadError> {
        let (mut rows, mut bias) = (Vec::new(), Vec::new());
        for name in names {
            rows.extend(tensors.get(&format!("{name}.weight"), &[outputs, inputs])?);
            bias.extend(tensors.get(&format!("{name}.bias"), &[outputs])?);
        }
        let weights = match precision {
            Precision::F32 => f32_weights(&rows, inputs),
            Precision::Int8 => int8_weights(&rows, inputs),
        };
        Ok(Self { bias, weights })
    }

    /// `rows × inputs` to `rows × outputs`.
    pub(super) fn apply(&self, kernels: &Kernels, input: &[f32], inputs: usize) -> Result<Vec<f32>, String> {
        let rows = input.len() / inputs;
        match &self.weights {
            Weights::F32 { packed } => {
                let mut out = vec![0.0; rows * self.bias.len()];
                let options = GemmOptions { bias: Some(BiasVector::Row(&self.bias)), ..GemmOptions::default() };
                let a = GemmInputA::Unpacked(Matrix::from_data([rows, inputs], input));
                kernels
                    .real
                    .gemm(&mut out, a, GemmInputB::Packed(packed), options)
                    .map_err(|error| error.to_string())?;
                Ok(out)
            }
            Weights::Int8 { packed, channels, levels } => {
                let quantised = Quantised::rows(input, inputs, *levels);
                let mut sums = vec![0; rows * self.bias.len()];
                let a = GemmInputA::Unpacked(Matrix::from_data([rows, inputs], quantised.values.as_slice()));
                kernels
                    .small
                    .gemm(&mut sums, a, GemmInputB::Packed(packed), GemmOptions::default())
                    .map_err(|error| error.to_string())?;
                Ok(self.to_real(&sums, &quantised.rows, channels))
            }
        }
    }

    // The kernel knows no zero points: a product with each row's own is the plain one less the zero point's share.
    fn to_real(&self, sums: &[i32], rows: &[Row], channels: &[Channel]) -> Vec<f32> {
        let mut out = Vec::with_capacity(sums.len());
        for (sums, row) in sums.chunks_exact(self.bias.len()).zip(rows) {
            let one = |(sum, (channel, bias)): (&i32, (&Channel, &f32))| {
                (sum - row.zero_point * channel.sum) as f32 * (row.scale * channel.scale) + bias
            };
            out.extend(sums.iter().zip(channels.iter().zip(&self.bias)).map(one));
        }
        out
    }
}

fn f32_weights(rows: &[f32], inputs: usize) -> Weights {
    let gemm = GemmExecutor::new();
    let outputs = rows.len() / inputs;
    let packed = gemm.prepack_b(Matrix::from_data([outputs, inputs], rows).transposed());
    Weights::F32 { packed }
}

fn int8_weights(rows: &[f32], inputs: usize) -> Weights {
    let gemm = GemmExecutor::<u8, i8, i32>::new();
    let outputs = rows.len() / inputs;
    let mut channels = Vec::with_capacity(outputs);
    let mut values = Vec::with_capacity(rows.len());
    for row in rows.chunks_exact(inputs) {
        let largest = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let start = values.len();
        values.extend(row.iter().map(|value| (value / scale).round() as i8));
        channels.push(Channel { scale, sum: values[start..].iter().map(|value| i32::from(*value)).sum() });
    }
    let packed = gemm.prepack_b(Matrix::from_data([outputs, inputs], values.as_slice()).transposed());
    // Without VNNI two products are summed in 16 bits and would saturate: there activations take half of the range.
    let levels = if gemm.may_saturate() { 127.0 } else { 255.0 };
    Weights::Int8 { packed, channels, levels }
}

struct Quantised {
    values: Vec<u8>,
    rows: Vec<Row>,
}

/// How a token's integers become numbers.
#[derive(Clone, Copy)]
struct Row {
    scale: f32,
    zero_point: i32,
}

impl Quantised {
    fn rows(input: &[f32], width: usize, levels: f32) -> Self {
        let mut all = Self { values: Vec::with_capacity(input.len()), rows: Vec::with_capacity(input.len() / width) };
        for row in input.chunks_exact(width) {
            let (least, most) = MinMax::new(row).dispatch();
            // Zero is always in the range, so that it has an exact value.
            let (least, most) = (least.min(0.0), most.max(0.0));
            let scale = if most > least { (most - least) / levels } else { 1.0 };
            let zero_point = (-least / scale).round() as u8;
            all.values.extend_init(|free| Quantize::new(row, &mut free[..width], scale.recip(), zero_point).dispatch());
            all.rows.push(Row { scale, zero_point: zero_point.into() });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -1 and 1 that look like chance.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32)
            .map(|n| (n.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0)
            .collect()
    }

    fn product(input: &[f32], weights: &[f32], bias: &[f32], inputs: usize) -> Vec<f64> {
        let dot = |row: &[f32], channel: &[f32]| {
            row.iter().zip(channel).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let row = |row| {
            weights.chunks_exact(inputs).zip(bias).map(move |(channel, bias)| dot(row, channel) + f64::from(*bias))
        };
        input.chunks_exact(inputs).flat_map(row).collect()
    }

    #[test]
    fn both_precisions_compute_the_product() {
        for (inputs, rows) in [(384, 1), (384, 2), (384, 3), (384, 17), (384, 65), (1536, 1), (1536, 5), (1536, 40)] {
            let (weights, bias) = (numbers(40 * inputs, 1), numbers(40, 7));
            let mut input = numbers(rows * inputs, 99);
            // Each row has a range of its own, as tokens have.
            for (n, row) in input.chunks_exact_mut(inputs).enumerate() {
                row.iter_mut().for_each(|value| *value = *value * 0.4 + (n % 7) as f32 * 0.1);
            }
            let exact = product(&input, &weights, &bias, inputs);
            for (weights, most) in [(f32_weights(&weights, inputs), 1e-3), (int8_weights(&weights, inputs), 0.6)] {
                let layer = Linear { bias: bias.clone(), weights };
                let found = layer.apply(&Kernels::default(), &input, inputs).unwrap();
                for (found, exact) in found.iter().zip(&exact) {
                    assert!(
                        (f64::from(*found) - exact).abs() < most,
                        "{rows} rows of {inputs}: {found}, expected {exact}"
                    );
                }
            }
        }
    }
}
