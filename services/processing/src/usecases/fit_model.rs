//! Fits a tenant's model anew: head, what spreads to undecided records, and the thresholds. One process at a time.
//!
//! The model depends on nothing but what is stored: the same exemplars, labels and closed decisions give the same one.

use std::collections::HashMap;

use common::{LabelId, RecordId, TenantId};
use db::DbError;
use learning::{Description, Memory, Model, ModelSettings, Seen};
use uuid::Uuid;

use super::embed_missing::{EmbedMissingError, embed_missing};
use crate::app::App;
use crate::domain::label::Label;
use crate::domain::policy::{TenantPolicy, WINDOW, Wishes};
use crate::domain::scored::ClosedDecision;
use crate::domain::tenant_model::{InferredOf, TenantModel};
use crate::store::embeddings::Embedded;
use crate::store::exemplars::Lesson;
use crate::store::{embeddings, exemplars, labels, memory_heads, scored_decisions, settings, tenant_models};
use crate::vectors::{Passage, VectorSource};

/// A process that has died in the middle keeps others from it for so long.
const LEASE: chrono::Duration = chrono::Duration::seconds(120);
/// Undecided records that labels spread to, the newest.
const UNDECIDED: i64 = 4_000;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// There is a new version.
    Done,
    /// Somebody else is at it.
    Busy,
}

/// Everything that a fit depends on.
struct Material {
    labels: Vec<Label>,
    lessons: Vec<Lesson>,
    memory_version: i64,
    undecided: Vec<Embedded>,
    closed: Vec<ClosedDecision>,
    wishes: Wishes,
}

/// Gives exemplars their vectors, and fits.
pub(crate) async fn fit_model(app: &App, tenant: TenantId, source: &dyn VectorSource) -> Result<Fit, DbError> {
    let lease = Uuid::new_v4();
    let now = app.clock.now();
    let is_ours = app
        .db
        .tenant(tenant, async |connection| memory_heads::lease(connection, tenant, lease, now, now + LEASE).await)
        .await?;
    if !is_ours {
        return Ok(Fit::Busy);
    }
    let fitted = under_lease(app, tenant, lease, source).await;
    if fitted.is_err() {
        app.db.tenant(tenant, async |connection| memory_heads::release(connection, tenant, lease).await).await?;
    }
    match fitted {
        Ok(fit) => Ok(fit),
        Err(EmbedMissingError::Db(error)) => Err(error),
        Err(EmbedMissingError::NoVectors(error)) => {
            tracing::warn!(%tenant, %error, "a model stays as it is until there are vectors");
            Ok(Fit::Busy)
        }
    }
}

async fn under_lease(
    app: &App,
    tenant: TenantId,
    lease: Uuid,
    source: &dyn VectorSource,
) -> Result<Fit, EmbedMissingError> {
    embed_missing(app, tenant, source).await?;
    // Before anything is read: whatever is changed from here on makes the model due again.
    let at = app.clock.now();
    let material = gather(app, tenant, source).await?;
    let descriptions = describe(app, tenant, &material.labels, source).await?;
    let (model_id, dimensions) = (source.model_id().to_owned(), source.dimensions());
    // Seconds of work for thousands of exemplars.
    let fitting = tokio::task::spawn_blocking(move || fit(&material, &descriptions, model_id, dimensions, at));
    let model = fitting.await.expect("fitting does not panic");
    let fit = app
        .db
        .tenant(tenant, async |connection| {
            if !memory_heads::release(connection, tenant, lease).await? {
                return Ok::<Fit, DbError>(Fit::Busy);
            }
            let version = tenant_models::insert(connection, tenant, &model).await?;
            let (exemplars, threshold) = (model.exemplars, model.policy.in_force.threshold.score);
            tracing::info!(%tenant, version, exemplars, ?threshold, standing = ?model.policy.standing, "a model is fitted");
            Ok(Fit::Done)
        })
        .await?;
    Ok(fit)
}

async fn gather(app: &App, tenant: TenantId, source: &dyn VectorSource) -> Result<Material, DbError> {
    let model_id = source.model_id();
    app.db
        .tenant(tenant, async |connection| {
            let head = memory_heads::find_or_make(connection, tenant).await?;
            let wanted = settings::find(connection, tenant).await?;
            let mut labels = labels::list(connection, tenant, None, i64::from(i32::MAX)).await?;
            // Labels that are added later come last, so that numbers stay.
            labels.sort_by_key(|label| label.id);
            Ok(Material {
                labels,
                lessons: exemplars::lessons(connection, tenant, model_id, 0, head.version).await?,
                memory_version: head.version,
                undecided: embeddings::undecided(connection, tenant, model_id, UNDECIDED).await?,
                closed: scored_decisions::closed(connection, tenant, model_id, WINDOW).await?,
                wishes: Wishes {
                    target_error_rate: wanted.target_error_rate,
                    audit_sample_rate: wanted.audit_sample_rate,
                },
            })
        })
        .await
}

/// The vectors of what labels say of themselves: name, description and examples.
async fn describe(
    app: &App,
    tenant: TenantId,
    labels: &[Label],
    source: &dyn VectorSource,
) -> Result<Vec<Description>, EmbedMissingError> {
    let mut passages: Vec<(u32, Passage)> = Vec::new();
    for (number, label) in (0..).zip(labels) {
        let name = label.name.replace(['_', '-', '.'], " ");
        let says = if label.description.is_empty() { name } else { format!("{name}: {}", label.description) };
        passages.push((number, Passage::of_words(says)));
        passages.extend(label.examples.iter().map(|example| (number, Passage::of_words(example.clone()))));
    }
    let hashes: Vec<Vec<u8>> = passages.iter().map(|(_, passage)| passage.hash()).collect();
    let model_id = source.model_id();
    let mut known: HashMap<Vec<u8>, Vec<f32>> = app
        .db
        .tenant(tenant, async |connection| embeddings::of_labels(connection, tenant, model_id, &hashes).await)
        .await?;
    let missing: Vec<(Vec<u8>, Passage)> = hashes
        .iter()
        .zip(&passages)
        .filter(|(hash, (_, passage))| !known.contains_key(*hash) && !passage.text().trim().is_empty())
        .map(|(hash, (_, passage))| (hash.clone(), passage.clone()))
        .collect();
    if !missing.is_empty() {
        let (hashes, texts): (Vec<Vec<u8>>, Vec<Passage>) = missing.into_iter().unzip();
        let vectors = source.embed(tenant, texts).await?;
        let made: Vec<(Vec<u8>, Vec<f32>)> =
            hashes.into_iter().zip(vectors).filter_map(|(hash, vector)| Some((hash, vector?))).collect();
        app.db
            .tenant(tenant, async |connection| embeddings::put_of_labels(connection, tenant, model_id, &made).await)
            .await?;
        known.extend(made);
    }
    let described = hashes.iter().zip(passages).filter_map(|(hash, (label, _))| {
        let vector = known.get(hash).filter(|vector| vector.len() == source.dimensions())?;
        Some(Description { label, vector: vector.clone() })
    });
    Ok(described.collect())
}

fn fit(
    material: &Material,
    descriptions: &[Description],
    embedding_model: String,
    dimensions: usize,
    fitted_at: common::DateTime,
) -> TenantModel {
    let labels: Vec<LabelId> = material.labels.iter().map(|label| label.id).collect();
    let numbers: HashMap<LabelId, u32> = (0..).zip(&labels).map(|(number, label)| (*label, number)).collect();
    let mut memory = Memory::new(dimensions);
    for lesson in &material.lessons {
        let number = lesson.label.and_then(|label| numbers.get(&label));
        if let (Some(number), Some((vector, words))) = (number, &lesson.seen) {
            // False for a record that has nothing to embed.
            let _ = memory.learn(lesson.record.0, *number, Seen { vector, words });
        }
    }
    for one in &material.undecided {
        let _ = memory.notice(one.record.0, &one.vector);
    }
    let mut head = Model::blank(labels.len(), dimensions, ModelSettings::default());
    if !labels.is_empty() {
        head = head.fit(&memory, descriptions);
        head.infer(&mut memory);
    }
    let inferred = |one: &Embedded| Some(InferredOf::of(RecordId(one.record.0), memory.inferred(one.record.0)?));
    TenantModel {
        version: 0,
        embedding_model,
        memory_version: material.memory_version,
        exemplars: i32::try_from(memory.decided().len()).unwrap_or(i32::MAX),
        labels_changed_at: material.labels.iter().map(|label| label.updated_at).max(),
        inferred: material.undecided.iter().filter_map(inferred).collect(),
        policy: TenantPolicy::fit(&material.closed, &labels, material.wishes),
        labels,
        head,
        fitted_at,
    }
}
