//! Layer normalisation, and scaling to length one.

use rten_simd::SimdOp;
use rten_vecmath::{Normalize, NormalizeOptions, Sum, SumSquare, SumSquareSub};

use super::tensors::Tensors;
use crate::weights::LoadError;

const EPSILON: f32 = 1e-12;

/// A layer normalisation with its learnt scale and bias.
pub(super) struct LayerNorm {
    scale: Vec<f32>,
    bias: Vec<f32>,
}

impl LayerNorm {
    pub(super) fn read(tensors: &Tensors<'_>, name: &str, width: usize) -> Result<Self, LoadError> {
        Ok(Self {
            scale: tensors.get(&format!("{name}.weight"), &[width])?,
            bias: tensors.get(&format!("{name}.bias"), &[width])?,
        })
    }

    /// Normalises each row in place.
    pub(super) fn apply(&self, rows: &mut [f32]) {
        let width = self.scale.len();
        for row in rows.chunks_exact_mut(width) {
            let mean = Sum::new(row).dispatch() / width as f32;
            let variance = SumSquareSub::new(row, mean).dispatch() / width as f32;
            let options = NormalizeOptions {
                pre_scale_bias: mean,
                scale: (variance + EPSILON).sqrt().recip(),
                element_scale: Some(&self.scale),
                bias: 0.0,
                element_bias: Some(&self.bias),
            };
            Normalize::new_mut(row, options).dispatch();
        }
    }
}

/// Scales a vector to length one; a zero vector stays as it is.
pub(crate) fn to_unit_length(vector: &mut [f32]) {
    let length = SumSquare::new(vector).dispatch().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}
