//! Sentences whose reference vectors are known: a model that no longer gives them is not started.

use crate::embedder::Embedding;
use crate::encoder::{DIMENSIONS, Encoder, Precision};
use crate::weights::LoadError;

/// The sentences, from plain to odd.
pub const SENTENCES: [&str; 3] = [
    "Where is my refund? The card payment was cancelled two weeks ago.",
    "ÜBERWEISUNG Miete November, Wohnung 4 links — 850,00 €",
    "a",
];
// The f32 vectors as onnxruntime computes them, little-endian.
const VECTORS: &[u8] = include_bytes!("golden.f32");

/// The reference vectors, in the sentences' order.
pub fn vectors() -> Vec<Embedding> {
    let (values, _) = VECTORS.as_chunks::<4>();
    let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    values.chunks_exact(DIMENSIONS).map(<[f32]>::to_vec).collect()
}

/// How near a vector must come to the reference.
pub fn least_cosine(precision: Precision) -> f32 {
    match precision {
        Precision::F32 => 0.9999,
        Precision::Int8 => 0.98,
    }
}

pub(crate) fn check(encoder: &Encoder) -> Result<(), LoadError> {
    let least = least_cosine(encoder.precision());
    let found = encoder.embed(&SENTENCES).map_err(|error| LoadError::Malformed(error.to_string()))?;
    for (sentence, (found, wanted)) in found.iter().zip(vectors()).enumerate() {
        let cosine = found.iter().zip(&wanted).map(|(a, b)| a * b).sum::<f32>();
        if cosine.is_nan() || cosine < least {
            return Err(LoadError::Golden { sentence, cosine, least });
        }
    }
    Ok(())
}
