//! The encoder as one value: tokeniser, network and name.

use aws_lc_rs::digest::{SHA256, digest};

use crate::embedder::{EmbedError, Embedding};
use crate::golden;
use crate::net::Bert;
use crate::text::Tokenizer;
use crate::weights::{LoadError, ModelFiles, WEIGHTS_SHA256};

/// How many tokens of a text are read, marks included.
pub const MAX_TOKENS: usize = 256;
/// The length of a vector.
pub const DIMENSIONS: usize = 384;

/// How the weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As they are in the file: the reference.
    F32,
    /// One byte a weight: a quarter of the memory, faster, within a hundredth of the reference.
    Int8,
}

impl Precision {
    // A change of the recipe changes the vectors, so it must change the name.
    fn recipe(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8-channel-weights-row-activations-1",
        }
    }
}

/// Computes vectors on the calling thread, helped by the rayon pool that this thread belongs to: in [`crate::Workers`] by
/// nobody. Share it; it holds no state between calls.
pub struct Encoder {
    tokenizer: Tokenizer,
    net: Bert,
    model_id: String,
    precision: Precision,
}

impl Encoder {
    /// Reads, verifies and quantises the weights, then embeds the golden sentences: some 0.2 s.
    pub fn load(files: &ModelFiles, precision: Precision) -> Result<Self, LoadError> {
        let tokenizer = Tokenizer::from_json(&files.tokenizer()?)?;
        let net = Bert::read(&files.weights()?, precision)?;
        let encoder = Self { tokenizer, net, model_id: model_id(precision), precision };
        golden::check(&encoder)?;
        Ok(encoder)
    }

    /// See [`crate::Embedder::model_id`].
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// How the weights are kept.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The tokens that the network sees of `text`.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        self.tokenizer.encode(text, MAX_TOKENS)
    }

    /// The vectors of `texts` in one pass. Give texts of similar work, 16 at most: see [`crate::Workers`].
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let tokens: Vec<Vec<u32>> = texts.iter().map(|text| self.tokens(text)).collect();
        self.net.embed(&tokens).map_err(EmbedError::Failed)
    }
}

fn model_id(precision: Precision) -> String {
    let named = digest(&SHA256, format!("{WEIGHTS_SHA256} {} {MAX_TOKENS}", precision.recipe()).as_bytes());
    format!("minilm-l6-v2:{}", &hex::encode(named)[..16])
}
