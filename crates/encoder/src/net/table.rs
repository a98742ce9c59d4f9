//! The word vectors, in f32 or int8 with a scale a row: a quarter of the memory, and no use for a kernel.

use super::tensors::Tensors;
use crate::encoder::Precision;
use crate::weights::LoadError;

/// A row of numbers for each token.
pub(super) struct Table {
    width: usize,
    rows: Rows,
}

enum Rows {
    F32(Vec<f32>),
    Int8 { values: Vec<i8>, scales: Vec<f32> },
}

impl Table {
    pub(super) fn read(
        tensors: &Tensors<'_>,
        name: &str,
        shape: [usize; 2],
        precision: Precision,
    ) -> Result<Self, LoadError> {
        let values = tensors.get(name, &shape)?;
        let rows = match precision {
            Precision::F32 => Rows::F32(values),
            Precision::Int8 => quantised(&values, shape[1]),
        };
        Ok(Self { width: shape[1], rows })
    }

    /// Adds the row of `token` to `into`; false when there is no such token.
    #[must_use]
    pub(super) fn add_row(&self, token: u32, into: &mut [f32]) -> bool {
        let start = token as usize * self.width;
        let range = start..start + self.width;
        match &self.rows {
            Rows::F32(values) => {
                let Some(row) = values.get(range) else { return false };
                into.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            Rows::Int8 { values, scales } => {
                let (Some(row), Some(scale)) = (values.get(range), scales.get(token as usize)) else { return false };
                into.iter_mut().zip(row).for_each(|(sum, value)| *sum += f32::from(*value) * scale);
            }
        }
        true
    }
}

fn quantised(values: &[f32], width: usize) -> Rows {
    let (mut small, mut scales) = (Vec::with_capacity(values.len()), Vec::new());
    for row in values.chunks_exact(width) {
        let largest = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        scales.push(scale);
        small.extend(row.iter().map(|value| (value / scale).round() as i8));
    }
    Rows::Int8 { values: small, scales }
}
