//! Answers kept in the database, for every process of the service; one is found by its own tenant only.

use std::sync::Arc;

use async_trait::async_trait;
use common::Clock;
use db::{Db, DbError};
use language_model::{Answer, AnswerCache, CacheError, CacheKey, CacheSettings};

use crate::store::model_answers;

pub(super) struct StoredAnswers {
    db: Db,
    clock: Arc<dyn Clock>,
    ttl: chrono::Duration,
}

impl StoredAnswers {
    pub(super) fn new(db: Db, clock: Arc<dyn Clock>, settings: CacheSettings) -> Self {
        Self { db, clock, ttl: chrono::Duration::seconds(settings.ttl_seconds.into()) }
    }
}

#[async_trait]
impl AnswerCache for StoredAnswers {
    async fn get(&self, key: &CacheKey) -> Result<Option<Answer>, CacheError> {
        let now = self.clock.now();
        self.db
            .tenant(key.tenant, async |connection| model_answers::find(connection, key.tenant, &key.digest, now).await)
            .await
            .map_err(failed)
    }

    async fn put(&self, key: &CacheKey, answer: Answer) -> Result<(), CacheError> {
        let until = self.clock.now() + self.ttl;
        self.db
            .tenant(key.tenant, async |connection| {
                model_answers::put(connection, key.tenant, &key.digest, &answer, until).await
            })
            .await
            .map_err(failed)
    }

    async fn forget(&self, key: &CacheKey) -> Result<(), CacheError> {
        self.db
            .tenant(key.tenant, async |connection| {
                model_answers::forget(connection, &[(key.tenant, key.digest.to_vec())]).await
            })
            .await
            .map_err(failed)
    }
}

fn failed(error: DbError) -> CacheError {
    CacheError(Box::new(error))
}
