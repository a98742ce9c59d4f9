//! Finds the records that are most like one.

use std::collections::HashMap;

use common::record::NormalizedRecord;
use common::{LabelId, RecordId, TenantId};
use db::DbError;
use learning::Neighbour;

use crate::app::App;
use crate::store::embeddings;
use crate::store::{labels, settings};
use crate::tenant_memory;
use crate::usecases::fit_model::fit_model;
use crate::vectors::{NoVectors, Passage, VectorSource};

/// A record like the one asked about.
#[derive(Clone, Debug)]
pub(crate) struct Similar {
    pub(crate) record: RecordId,
    /// The label that a person gave it; none of one that nobody has decided.
    pub(crate) label: Option<String>,
    pub(crate) similarity: f64,
    pub(crate) says: NormalizedRecord,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum FindSimilarError {
    #[error("there is no such record")]
    NotFound,
    #[error("this installation has no embedding model: {0}")]
    NoModel(String),
    #[error("the tenant's embedding stage is off")]
    StageOff,
    #[error(transparent)]
    NoVectors(#[from] NoVectors),
    #[error("the records cannot be read")]
    Db(#[from] DbError),
}

/// The `limit` nearest records, decided and undecided ones, the nearest first. The record itself is not among them.
pub(crate) async fn find_similar(
    app: &App,
    tenant: TenantId,
    record: RecordId,
    limit: usize,
) -> Result<Vec<Similar>, FindSimilarError> {
    let (says, stage) = app
        .db
        .tenant(tenant, async |connection| {
            let says = embeddings::contents(connection, tenant, &[record]).await?.pop();
            Ok::<_, DbError>((says, settings::find(connection, tenant).await?.stages.embedding))
        })
        .await?;
    let (_, says) = says.ok_or(FindSimilarError::NotFound)?;
    let source = app.vectors.as_ref().map_err(|absent| FindSimilarError::NoModel(absent.0.clone()))?;
    if !stage {
        return Err(FindSimilarError::StageOff);
    }
    let Some(vector) = vector_of(app, tenant, record, &says, &**source).await? else { return Ok(Vec::new()) };
    let Some((near, labels)) = search(app, tenant, (record, vector), limit, &**source).await? else {
        return Ok(Vec::new());
    };
    let ids: Vec<RecordId> = near.iter().map(|one| RecordId(one.id)).collect();
    let (says, names) = app
        .db
        .tenant(tenant, async |connection| {
            let says = embeddings::contents(connection, tenant, &ids).await?;
            Ok::<_, DbError>((says, labels::names(connection, tenant).await?))
        })
        .await?;
    let mut says: HashMap<RecordId, NormalizedRecord> = says.into_iter().collect();
    let similar = near.into_iter().filter_map(|one| {
        let record = RecordId(one.id);
        let label = labels.get(one.label as usize).and_then(|label| names.get(label)).cloned();
        Some(Similar { record, label, similarity: f64::from(one.similarity), says: says.remove(&record)? })
    });
    Ok(similar.collect())
}

/// The record's vector, made now when it has none. None when there is nothing to embed, or nothing that may be sent.
async fn vector_of(
    app: &App,
    tenant: TenantId,
    record: RecordId,
    says: &NormalizedRecord,
    source: &dyn VectorSource,
) -> Result<Option<Vec<f32>>, FindSimilarError> {
    let passage = Passage::of_record(says);
    if passage.text().is_empty() {
        return Ok(None);
    }
    let find = async |connection: &mut db::Connection| {
        embeddings::find(connection, tenant, source.model_id(), &[record]).await
    };
    let known = app.db.tenant(tenant, find).await?.remove(&record);
    if let Some(known) = known.filter(|known| known.text_hash == passage.hash()) {
        return Ok(Some(known.vector).filter(|vector| !vector.is_empty()));
    }
    Ok(source.embed(tenant, vec![passage]).await?.pop().flatten())
}

/// What is near in the tenant's memory, with its labels by their numbers. None while there is no memory.
async fn search(
    app: &App,
    tenant: TenantId,
    (record, vector): (RecordId, Vec<f32>),
    limit: usize,
    source: &dyn VectorSource,
) -> Result<Option<(Vec<Neighbour>, Vec<LabelId>)>, DbError> {
    let kept = app.memories.of(tenant);
    let mut place = kept.memory().lock_owned().await;
    for is_first in [true, false] {
        let head = app
            .db
            .tenant(tenant, async |connection| tenant_memory::catch_up(&mut place, connection, tenant, source).await)
            .await?;
        if head.is_some() || !is_first {
            break;
        }
        fit_model(app, tenant, source).await?;
    }
    let Some(memory) = place.as_ref() else { return Ok(None) };
    app.memories.weigh(tenant, kept, memory);
    let records = memory.records();
    let mut near = records.decided().nearest(&vector, limit + 1);
    near.extend(records.undecided().nearest(&vector, limit + 1));
    near.retain(|one| one.id != record.0);
    near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
    near.truncate(limit);
    Ok(Some((near, memory.model().labels.clone())))
}
