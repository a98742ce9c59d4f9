//! What every source of vectors has in common, be it this process, a remote service or a test.

use async_trait::async_trait;

/// A text's place in the space of meanings, scaled to length one.
pub type Embedding = Vec<f32>;

/// Turns texts into vectors. Vectors are comparable only when they carry the same [`Embedder::model_id`].
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Names weights and quantisation: stored with each vector, so that a change of model is seen.
    fn model_id(&self) -> &str;

    /// The length of each vector.
    fn dimensions(&self) -> usize;

    /// How many tokens of a text are read; the rest is cut off.
    fn max_tokens(&self) -> usize;

    /// The vectors of `texts`, in their order. Waits while the embedder has too much to do.
    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Embedding>, EmbedError>;
}

/// Why texts got no vectors.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The workers have been stopped, or one of them broke.
    #[error("the embedding workers have stopped")]
    Stopped,
    /// The network refused the input; a fault of this crate.
    #[error("the encoder failed: {0}")]
    Failed(String),
}
