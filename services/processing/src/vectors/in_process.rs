//! Vectors from an encoder in this process.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use common::TenantId;
use encoder::Embedder;

use super::{NoVectors, Passage, VectorSource};

/// An encoder behind its own threads; what is embedded leaves nowhere.
pub(super) struct InProcess(Arc<dyn Embedder>);

impl InProcess {
    pub(super) fn new(embedder: impl Embedder + 'static) -> Self {
        Self(Arc::new(embedder))
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InProcess").field(&self.0.model_id()).finish()
    }
}

#[async_trait]
impl VectorSource for InProcess {
    fn model_id(&self) -> &str {
        self.0.model_id()
    }

    fn dimensions(&self) -> usize {
        self.0.dimensions()
    }

    async fn embed(&self, _: TenantId, passages: Vec<Passage>) -> Result<Vec<Option<Vec<f32>>>, NoVectors> {
        let texts = passages.into_iter().map(|passage| passage.text).collect();
        let vectors = self.0.embed(texts).await.map_err(|error| NoVectors(error.to_string()))?;
        Ok(vectors.into_iter().map(Some).collect())
    }
}
