//! Texts to vectors, in process: all-MiniLM-L6-v2 read straight from its safetensors file.
//!
//! Owns the tokeniser, the transformer, the check of the weights and the worker threads. It names no web framework and no
//! database, and never fetches anything: `scripts/model.sh` puts the weights in place. The README has the measurements.

pub mod embedder;
pub mod encoder;
pub mod golden;
pub mod hashed;
mod net;
pub mod text;
pub mod weights;
pub mod workers;

pub use embedder::{EmbedError, Embedder, Embedding};
pub use encoder::{Encoder, Precision};
pub use hashed::HashedEmbedder;
pub use weights::{LoadError, ModelFiles};
pub use workers::{WorkerSettings, Workers};
