//! The layers in order, from token numbers to one vector a text.

use rten_simd::SimdUnaryOp;
use rten_vecmath::Gelu;

use super::attention::attend;
use super::linear::{Kernels, Linear};
use super::norm::{LayerNorm, to_unit_length};
use super::table::Table;
use super::tensors::Tensors;
use crate::encoder::Precision;
use crate::weights::LoadError;

const VOCABULARY: usize = 30_522;
const POSITIONS: usize = 512;
const LAYERS: usize = 6;
const INNER: usize = 1536;
/// The length of a vector.
pub(crate) const WIDTH: usize = 384;

/// The network with its weights.
pub(crate) struct Bert {
    words: Table,
    positions: Vec<f32>,
    embedded: LayerNorm,
    layers: Vec<Layer>,
}

struct Layer {
    qkv: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    narrow_norm: LayerNorm,
}

impl Bert {
    pub(crate) fn read(bytes: &[u8], precision: Precision) -> Result<Self, LoadError> {
        let tensors = Tensors::read(bytes)?;
        let mut positions = tensors.get("embeddings.position_embeddings.weight", &[POSITIONS, WIDTH])?;
        let kind = tensors.get("embeddings.token_type_embeddings.weight", &[2, WIDTH])?;
        // Every token is of the first kind, so its vector is part of the position's.
        for row in positions.chunks_exact_mut(WIDTH) {
            row.iter_mut().zip(&kind).for_each(|(position, kind)| *position += kind);
        }
        Ok(Self {
            words: Table::read(&tensors, "embeddings.word_embeddings.weight", [VOCABULARY, WIDTH], precision)?,
            positions,
            embedded: LayerNorm::read(&tensors, "embeddings.LayerNorm", WIDTH)?,
            layers: (0..LAYERS).map(|layer| Layer::read(&tensors, layer, precision)).collect::<Result<_, _>>()?,
        })
    }

    /// One vector of length one for each text's tokens.
    pub(crate) fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, String> {
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        let kernels = Kernels::default();
        let mut state = self.look_up(texts)?;
        for layer in &self.layers {
            layer.apply(&kernels, &mut state, &lengths)?;
        }
        Ok(pooled(&state, &lengths))
    }

    fn look_up(&self, texts: &[Vec<u32>]) -> Result<Vec<f32>, String> {
        let mut state = Vec::with_capacity(texts.iter().map(Vec::len).sum::<usize>() * WIDTH);
        for text in texts {
            let start = state.len();
            let positions =
                self.positions.get(..text.len() * WIDTH).ok_or("a text is longer than the model's positions")?;
            state.extend_from_slice(positions);
            for (row, token) in state[start..].chunks_exact_mut(WIDTH).zip(text) {
                if !self.words.add_row(*token, row) {
                    return Err(format!("token {token} is not in the vocabulary"));
                }
            }
        }
        self.embedded.apply(&mut state);
        Ok(state)
    }
}

impl Layer {
    fn read(tensors: &Tensors<'_>, layer: usize, precision: Precision) -> Result<Self, LoadError> {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let linear = |part: &[&str], inputs, outputs| {
            let names: Vec<String> = part.iter().map(|part| name(part)).collect();
            Linear::read(tensors, &names, inputs, outputs, precision)
        };
        Ok(Self {
            qkv: linear(&["attention.self.query", "attention.self.key", "attention.self.value"], WIDTH, WIDTH)?,
            attended: linear(&["attention.output.dense"], WIDTH, WIDTH)?,
            attended_norm: LayerNorm::read(tensors, &name("attention.output.LayerNorm"), WIDTH)?,
            widen: linear(&["intermediate.dense"], WIDTH, INNER)?,
            narrow: linear(&["output.dense"], INNER, WIDTH)?,
            narrow_norm: LayerNorm::read(tensors, &name("output.LayerNorm"), WIDTH)?,
        })
    }

    fn apply(&self, kernels: &Kernels, state: &mut [f32], lengths: &[usize]) -> Result<(), String> {
        let qkv = self.qkv.apply(kernels, state, WIDTH)?;
        let attended = self.attended.apply(kernels, &attend(&kernels.real, &qkv, lengths, WIDTH)?, WIDTH)?;
        add(state, &attended);
        self.attended_norm.apply(state);
        let mut inner = self.widen.apply(kernels, state, WIDTH)?;
        Gelu {}.map_mut(&mut inner);
        add(state, &self.narrow.apply(kernels, &inner, INNER)?);
        self.narrow_norm.apply(state);
        Ok(())
    }
}

fn add(state: &mut [f32], other: &[f32]) {
    state.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
}

// The mean over a text's tokens; its scale goes with the length.
fn pooled(state: &[f32], lengths: &[usize]) -> Vec<Vec<f32>> {
    let mut start = 0;
    let pool = |length: &usize| {
        let end = start + length * WIDTH;
        let mut sum = vec![0.0; WIDTH];
        state[start..end].chunks_exact(WIDTH).for_each(|row| add(&mut sum, row));
        start = end;
        to_unit_length(&mut sum);
        sum
    };
    lengths.iter().map(pool).collect()
}
