//! Where the model's files are, and whether they are the ones that were pinned.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 of `model.safetensors`, byte for byte the file of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
pub const WEIGHTS_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";
/// SHA-256 of `tokenizer.json`.
pub const TOKENIZER_SHA256: &str = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037";
/// The environment variable that points to a folder with both files.
pub const MODEL_DIR: &str = "MODEL_DIR";
const DEFAULT_DIR: &str = ".dev/models/all-MiniLM-L6-v2";

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder holds no model.
    #[error(
        "no model in {dir}: run `make model` to fetch and verify it, or set MODEL_DIR to a folder that holds model.safetensors and tokenizer.json"
    )]
    Missing {
        /// The folder that was looked into.
        dir: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not the one that was pinned.
    #[error("{path} is not the expected file (SHA-256 {found}, expected {expected}): remove it and run `make model`")]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The pinned hash.
        expected: &'static str,
    },
    /// A file has the right hash and not the right contents.
    #[error("the model file is malformed: {0}")]
    Malformed(String),
    /// The loaded model does not embed the golden sentences as it must.
    #[error(
        "golden sentence {sentence} has cosine {cosine:.4} to its stored vector, at least {least} is needed: this processor or build computes something else"
    )]
    Golden {
        /// Which of the sentences.
        sentence: usize,
        /// How near its vector came.
        cosine: f32,
        /// How near it must come.
        least: f32,
    },
    /// The thread pool of a worker could not be made.
    #[error("cannot start a worker thread")]
    Thread(#[source] std::io::Error),
}

/// The folder of a model's files.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    dir: PathBuf,
}

impl ModelFiles {
    /// The files in this folder; nothing is read yet.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder that `MODEL_DIR` names, or else the one that `make model` fills: `.dev/models` of this checkout, found
    /// from the working folder upwards.
    pub fn found() -> Self {
        if let Some(dir) = std::env::var_os(MODEL_DIR).filter(|dir| !dir.is_empty()) {
            return Self::in_dir(dir);
        }
        let here = std::env::current_dir().unwrap_or_default();
        let up = here.ancestors().map(|dir| dir.join(DEFAULT_DIR)).find(|dir| dir.is_dir());
        Self::in_dir(up.unwrap_or_else(|| PathBuf::from(DEFAULT_DIR)))
    }

    /// Whether both files are there. Says nothing of their contents.
    pub fn are_present(&self) -> bool {
        self.weights_path().is_file() && self.tokenizer_path().is_file()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The bytes of the weights, once their hash is right.
    pub fn weights(&self) -> Result<Vec<u8>, LoadError> {
        self.verified(&self.weights_path(), WEIGHTS_SHA256)
    }

    /// The bytes of the tokeniser's description, once their hash is right.
    pub fn tokenizer(&self) -> Result<Vec<u8>, LoadError> {
        self.verified(&self.tokenizer_path(), TOKENIZER_SHA256)
    }

    fn weights_path(&self) -> PathBuf {
        self.dir.join("model.safetensors")
    }

    fn tokenizer_path(&self) -> PathBuf {
        self.dir.join("tokenizer.json")
    }

    fn verified(&self, path: &Path, expected: &'static str) -> Result<Vec<u8>, LoadError> {
        if !path.is_file() {
            return Err(LoadError::Missing { dir: self.dir.clone() });
        }
        let bytes = fs::read(path).map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
        let found = hex::encode(digest(&SHA256, &bytes));
        if found != expected {
            return Err(LoadError::WrongHash { path: path.to_owned(), found, expected });
        }
        Ok(bytes)
    }
}
