//! Named tensors of a safetensors file, as f32.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use crate::weights::LoadError;

/// The tensors of one file.
pub(super) struct Tensors<'a> {
    file: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, LoadError> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| LoadError::Malformed(error.to_string()))?;
        Ok(Self { file })
    }

    /// The values of `name`, row by row, which must have exactly this shape.
    pub(super) fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, LoadError> {
        let tensor = self.file.tensor(name).map_err(|error| LoadError::Malformed(format!("{name}: {error}")))?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            return Err(LoadError::Malformed(format!(
                "{name} is {:?} {:?}, expected F32 {shape:?}",
                tensor.dtype(),
                tensor.shape()
            )));
        }
        let (values, _) = tensor.data().as_chunks::<4>();
        Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}
