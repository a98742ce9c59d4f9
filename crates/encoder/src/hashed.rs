//! Vectors without a model: words and their letter triples, hashed. For tests, and for trying the rest without weights.
//!
//! Texts that share words are near each other; meaning it has none.

use async_trait::async_trait;

use crate::embedder::{EmbedError, Embedder, Embedding};
use crate::encoder::{DIMENSIONS, MAX_TOKENS};
use crate::net::to_unit_length;

/// An [`Embedder`] that needs no files.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashedEmbedder;

impl HashedEmbedder {
    /// The vector of one text.
    pub fn vector(&self, text: &str) -> Embedding {
        let mut vector = vec![0.0; DIMENSIONS];
        for word in text.split_whitespace().take(MAX_TOKENS) {
            let word = word.to_lowercase();
            add(&mut vector, word.as_bytes(), 1.0);
            for triple in word.as_bytes().windows(3) {
                add(&mut vector, triple, 0.4);
            }
        }
        to_unit_length(&mut vector);
        vector
    }
}

#[async_trait]
impl Embedder for HashedEmbedder {
    fn model_id(&self) -> &str {
        "hashed:1"
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn max_tokens(&self) -> usize {
        MAX_TOKENS
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Embedding>, EmbedError> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

fn add(vector: &mut [f32], bytes: &[u8], weight: f32) {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    // FNV's high bits are the better mixed ones.
    let mixed = hash ^ (hash >> 32);
    let place = (mixed >> 1) as usize % vector.len();
    vector[place] += if mixed & 1 == 0 { weight } else { -weight };
}
