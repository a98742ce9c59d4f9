//! A fully connected layer, in f32 or with int8 weights.
//!
//! int8: a scale for each output channel, symmetric; activations are quantised to u8 with a scale and a zero point for each
//! row as they come, so one outlier in a batch does not coarsen the others. Sums are exact in i32.

use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix, QuantParams};
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
    Int8 { packed: PackedBMatrix<i8>, scales: Vec<f32>, levels: f32 },
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
            Weights::Int8 { packed, scales, levels } => {
                let quantised = Quantised::rows(input, inputs, *levels);
                let mut sums = vec![0; rows * self.bias.len()];
                let options = GemmOptions {
                    a_quant: Some(QuantParams { zero_point: &quantised.zero_points }),
                    ..GemmOptions::default()
                };
                let a = GemmInputA::Unpacked(Matrix::from_data([rows, inputs], quantised.values.as_slice()));
                kernels
                    .small
                    .gemm(&mut sums, a, GemmInputB::Packed(packed), options)
                    .map_err(|error| error.to_string())?;
                Ok(self.to_real(&sums, &quantised.scales, scales))
            }
        }
    }

    fn to_real(&self, sums: &[i32], row_scales: &[f32], channel_scales: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(sums.len());
        for (row, scale) in sums.chunks_exact(self.bias.len()).zip(row_scales) {
            let channels = channel_scales.iter().zip(&self.bias);
            out.extend(row.iter().zip(channels).map(|(sum, (channel, bias))| *sum as f32 * (scale * channel) + bias));
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
    let mut scales = Vec::with_capacity(outputs);
    let mut values = Vec::with_capacity(rows.len());
    for row in rows.chunks_exact(inputs) {
        let largest = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        scales.push(scale);
        values.extend(row.iter().map(|value| (value / scale).round() as i8));
    }
    let packed = gemm.prepack_b(Matrix::from_data([outputs, inputs], values.as_slice()).transposed());
    // Without VNNI two products are summed in 16 bits and would saturate: there activations take half of the range.
    let levels = if gemm.may_saturate() { 127.0 } else { 255.0 };
    Weights::Int8 { packed, scales, levels }
}

struct Quantised {
    values: Vec<u8>,
    scales: Vec<f32>,
    zero_points: Vec<u8>,
}

impl Quantised {
    fn rows(input: &[f32], width: usize, levels: f32) -> Self {
        let rows = input.len() / width;
        let mut all = Self {
            values: Vec::with_capacity(input.len()),
            scales: Vec::with_capacity(rows),
            zero_points: Vec::with_capacity(rows),
        };
        for row in input.chunks_exact(width) {
            let (least, most) = MinMax::new(row).dispatch();
            // Zero is always in the range, so that it has an exact value.
            let (least, most) = (least.min(0.0), most.max(0.0));
            let scale = if most > least { (most - least) / levels } else { 1.0 };
            let zero_point = (-least / scale).round() as u8;
            all.values.extend_init(|free| Quantize::new(row, &mut free[..width], scale.recip(), zero_point).dispatch());
            all.scales.push(scale);
            all.zero_points.push(zero_point);
        }
        all
    }
}
