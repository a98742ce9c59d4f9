//! Gives exemplars their vectors: those decided by people before anything was learnt, those that rules had decided, and
//! all of them when the model of the vectors is another one.

use common::{RecordId, TenantId};
use db::DbError;

use crate::app::App;
use crate::store::embeddings::{self, Embedded};
use crate::store::{exemplars, memory_heads, records};
use crate::vectors::{NoVectors, Passage, VectorSource};

/// Records of one transaction.
const STEP: i64 = 256;

#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbedMissingError {
    #[error(transparent)]
    NoVectors(#[from] NoVectors),
    #[error("vectors cannot be stored")]
    Db(#[from] DbError),
}

/// Works until every exemplar has a vector of this source. Whatever it has done by the time it fails stays done.
pub(crate) async fn embed_missing(
    app: &App,
    tenant: TenantId,
    source: &dyn VectorSource,
) -> Result<(), EmbedMissingError> {
    take_in_the_past(app, tenant, source).await?;
    loop {
        let missing = app
            .db
            .tenant(tenant, async |connection| {
                let head = memory_heads::find_or_make(connection, tenant).await?;
                let records = exemplars::without_vector(connection, tenant, source.model_id(), STEP).await?;
                if records.is_empty() {
                    memory_heads::embedded(connection, tenant, source.model_id(), head.version).await?;
                }
                embeddings::contents(connection, tenant, &records).await
            })
            .await?;
        if missing.is_empty() {
            return Ok(());
        }
        let passages: Vec<Passage> = missing.iter().map(|(_, record)| Passage::of_record(record)).collect();
        let vectors = vectors_of(tenant, &passages, source).await?;
        let embedded = missing.iter().zip(passages).zip(vectors).map(|(((record, _), passage), vector)| Embedded {
            record: *record,
            text_hash: passage.hash(),
            vector,
            words: passage.words(),
        });
        keep(app, tenant, source, embedded.collect()).await?;
    }
}

/// An empty vector where there is nothing to embed, or nothing that may be sent.
async fn vectors_of(
    tenant: TenantId,
    passages: &[Passage],
    source: &dyn VectorSource,
) -> Result<Vec<Vec<f32>>, NoVectors> {
    let mut vectors = vec![Vec::new(); passages.len()];
    let places: Vec<usize> = (0..passages.len()).filter(|place| !passages[*place].text().is_empty()).collect();
    let texts: Vec<Passage> = places.iter().map(|place| passages[*place].clone()).collect();
    if !texts.is_empty() {
        let made = source.embed(tenant, texts).await?;
        places.into_iter().zip(made).for_each(|(place, vector)| vectors[place] = vector.unwrap_or_default());
    }
    Ok(vectors)
}

async fn keep(app: &App, tenant: TenantId, source: &dyn VectorSource, embedded: Vec<Embedded>) -> Result<(), DbError> {
    let records: Vec<RecordId> = embedded.iter().map(|one| one.record).collect();
    app.db
        .tenant(tenant, async |connection| {
            records::lock(connection, &[tenant], &records).await?;
            // One that has come to say something else is found again.
            let now = embeddings::contents(connection, tenant, &records).await?;
            let is_current = |one: &Embedded| {
                now.iter()
                    .any(|(record, says)| *record == one.record && Passage::of_record(says).hash() == one.text_hash)
            };
            let current: Vec<Embedded> = embedded.into_iter().filter(is_current).collect();
            let records: Vec<RecordId> = current.iter().map(|one| one.record).collect();
            embeddings::put(connection, tenant, source.model_id(), &current, app.clock.now()).await?;
            exemplars::take_in(connection, &[tenant], &records, Some(source.model_id()), true).await?;
            Ok(())
        })
        .await
}

/// Learns what people decided before there was anything to learn with.
async fn take_in_the_past(app: &App, tenant: TenantId, source: &dyn VectorSource) -> Result<(), DbError> {
    loop {
        let done = app
            .db
            .tenant(tenant, async |connection| {
                if memory_heads::find_or_make(connection, tenant).await?.is_complete {
                    return Ok(true);
                }
                let records = exemplars::untaught(connection, tenant, STEP).await?;
                if records.is_empty() {
                    memory_heads::complete(connection, tenant).await?;
                    return Ok::<bool, DbError>(true);
                }
                records::lock(connection, &[tenant], &records).await?;
                exemplars::take_in(connection, &[tenant], &records, Some(source.model_id()), false).await?;
                Ok(false)
            })
            .await?;
        if done {
            return Ok(());
        }
    }
}
