//! Vectors from an endpoint: texts leave the house, so the tenant and each record must let them, and the budget pays.

use std::fmt;

use async_trait::async_trait;
use common::TenantId;
use db::{Db, DbError};
use language_model::{RemoteEmbedder, SendableText};

use super::{NoVectors, Passage, VectorSource};
use crate::store::settings;

/// Letters of a text that are sent; models read no more than some hundred words.
const MOST_LETTERS: usize = 4_000;

/// An encoder behind an endpoint.
pub(super) struct Remote {
    embedder: RemoteEmbedder,
    model_id: String,
    db: Db,
}

impl Remote {
    pub(super) fn new(embedder: RemoteEmbedder, db: Db) -> Self {
        Self { model_id: embedder.model_id(), embedder, db }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.model_id).finish()
    }
}

#[async_trait]
impl VectorSource for Remote {
    fn model_id(&self) -> &str {
        &self.model_id
    }

    fn dimensions(&self) -> usize {
        self.embedder.dimensions()
    }

    async fn embed(&self, tenant: TenantId, passages: Vec<Passage>) -> Result<Vec<Option<Vec<f32>>>, NoVectors> {
        let find = async |connection: &mut db::Connection| settings::find(connection, tenant).await;
        let terms = self.db.tenant(tenant, find).await.map_err(|error: DbError| NoVectors(error.to_string()))?;
        let disclosure = terms.llm.disclosure.into();
        let mut vectors = vec![None; passages.len()];
        let (mut places, mut texts) = (Vec::new(), Vec::new());
        for (place, passage) in passages.into_iter().enumerate() {
            let marks = passage.marks.unwrap_or_default();
            if let Ok(text) = SendableText::of(&passage.text, &marks, disclosure, MOST_LETTERS) {
                places.push(place);
                texts.push(text);
            }
        }
        if texts.is_empty() {
            return Ok(vectors);
        }
        let embedded = self.embedder.embed(tenant, texts).await.map_err(|error| NoVectors(error.to_string()))?;
        places.into_iter().zip(embedded.vectors).for_each(|(place, vector)| vectors[place] = Some(vector));
        Ok(vectors)
    }
}
