//! One tenant's claimed records: vectors, scores, decisions.

mod model;

use std::collections::HashMap;
use std::sync::Arc;

use common::decision::WhyHuman;
use common::{DateTime, LabelId, RecordId, TenantId};
use db::DbError;
use learning::{Scored, Seen};
use uuid::Uuid;

use crate::app::{App, NO_VECTORS};
use crate::domain::pending::Pending;
use crate::domain::settings::TenantSettings;
use crate::domain::similarity::{self, Grounds};
use crate::domain::tenant_model::TenantModel;
use crate::store::embeddings::{self, Embedded};
use crate::store::pending_decisions::{self, Claimed};
use crate::store::{labels, settings};
use crate::tenant_memory;
use crate::usecases::fit_model::{Fit, fit_model};
use crate::usecases::settle_pending::{Settled, settle_pending};
use crate::vectors::{NoVectors, Passage, VectorSource};

/// A model that does not answer is asked so often about a record before a person is.
const MOST_ATTEMPTS: i32 = 4;
/// The wait before it is asked again, doubled each time.
const FIRST_WAIT: chrono::Duration = chrono::Duration::milliseconds(250);
/// The wait while another process fits the tenant's first model.
const WAIT_FOR_FIT: chrono::Duration = chrono::Duration::milliseconds(250);

/// What the tenant's records are decided with.
struct Known {
    tenant: TenantId,
    settings: TenantSettings,
    names: HashMap<LabelId, String>,
    vectors: HashMap<RecordId, Embedded>,
}

impl Known {
    /// Whether a language model is asked where nothing else decides.
    fn asks_model(&self, app: &App) -> bool {
        self.settings.stages.llm && app.model.is_some()
    }
}

/// What the memory said of each record; none of one without a vector.
struct Scores {
    model: Arc<TenantModel>,
    memory_version: i64,
    audit_salt: Uuid,
    each: Vec<Option<Score>>,
}

/// What it said of one.
struct Score {
    model: Arc<TenantModel>,
    scored: Scored,
    verdict: learning::Decision,
}

impl Scores {
    fn of(&self, place: usize) -> Option<&Score> {
        self.each.get(place)?.as_ref()
    }
}

impl Score {
    fn name_of(&self, number: u32, names: &HashMap<LabelId, String>) -> Option<String> {
        names.get(&self.model.label_of(number)?).cloned()
    }
}

/// What came of comparing the records.
enum Compared {
    /// Each was scored, or has no vector.
    Scored(Scores, Vec<Embedded>),
    /// It could not be tried, for this reason.
    Untried(WhyHuman, &'static str),
    /// It is to be tried again from this time on.
    Later(DateTime),
}

/// Decides the records, or gives them back to be tried again.
pub(super) async fn decide(app: &App, tenant: TenantId, lease: Uuid, claimed: Vec<Claimed>) -> Result<(), DbError> {
    let attempts = claimed.iter().map(|one| one.attempts).max().unwrap_or_default();
    let pending: Vec<Pending> = claimed.into_iter().map(|one| one.pending).collect();
    let known = known(app, tenant, &pending).await?;
    let (settled, fresh) = match compare(app, tenant, &pending, &known, attempts).await? {
        Compared::Later(due_at) => return give_back(app, (tenant, lease), &pending, due_at).await,
        Compared::Untried(why, because) => {
            let at = app.clock.now();
            let undecided = |one: &Pending| Settled::open(similarity::undecided(one, why, because, at));
            (
                model::ask_where_open(app, &known, &pending, pending.iter().map(undecided).collect(), None).await?,
                Vec::new(),
            )
        }
        Compared::Scored(scores, embedded) => {
            let settled = settled(&pending, &scores, &known, app.clock.now());
            let fresh = fresh(embedded, &known);
            (model::ask_where_open(app, &known, &pending, settled, Some(&scores)).await?, fresh)
        }
    };
    app.db
        .tenant(tenant, async |connection| {
            settle_pending(connection, app, tenant, lease, settled).await?;
            match app.model_id() {
                Some(model_id) => embeddings::put(connection, tenant, model_id, &fresh, app.clock.now()).await,
                None => Ok(()),
            }
        })
        .await
}

async fn compare(
    app: &App,
    tenant: TenantId,
    pending: &[Pending],
    known: &Known,
    attempts: i32,
) -> Result<Compared, DbError> {
    if !known.settings.stages.embedding {
        return Ok(Compared::Untried(WhyHuman::NoStageDecided, ""));
    }
    let Ok(source) = &app.vectors else { return Ok(Compared::Untried(WhyHuman::StageUnavailable, NO_VECTORS)) };
    if known.names.is_empty() {
        return Ok(Compared::Untried(WhyHuman::NoStageDecided, "there are no labels to choose from"));
    }
    let embedded = match embed(tenant, pending, known, &**source).await {
        Ok(embedded) => embedded,
        Err(error) if attempts < MOST_ATTEMPTS => {
            tracing::warn!(%tenant, %error, attempts, "pending records are tried again");
            let wait = FIRST_WAIT * 2_i32.pow(attempts.clamp(0, MOST_ATTEMPTS) as u32);
            return Ok(Compared::Later(app.clock.now() + wait));
        }
        Err(_) => return Ok(Compared::Untried(WhyHuman::StageUnavailable, "the embedding model did not answer")),
    };
    if let Some(scores) = score(app, known, &embedded, &**source).await? {
        return Ok(Compared::Scored(scores, embedded));
    }
    // The first model: fitted here, or by whoever is at it already.
    let wait = match fit_model(app, tenant, &**source).await? {
        Fit::Done => chrono::Duration::zero(),
        Fit::Busy => WAIT_FOR_FIT,
    };
    Ok(Compared::Later(app.clock.now() + wait))
}

async fn known(app: &App, tenant: TenantId, pending: &[Pending]) -> Result<Known, DbError> {
    let records: Vec<RecordId> = pending.iter().map(|one| one.record.record_id).collect();
    app.db
        .tenant(tenant, async |connection| {
            let vectors = match app.model_id() {
                Some(model_id) => embeddings::find(connection, tenant, model_id, &records).await?,
                None => HashMap::new(),
            };
            let settings = settings::find(connection, tenant).await?;
            Ok(Known { tenant, settings, names: labels::names(connection, tenant).await?, vectors })
        })
        .await
}

/// Each record's vector, those that are known from before and new ones. A record that has nothing to embed, or must not
/// be sent to where vectors are made, has an empty one.
async fn embed(
    tenant: TenantId,
    pending: &[Pending],
    known: &Known,
    source: &dyn VectorSource,
) -> Result<Vec<Embedded>, NoVectors> {
    let passages: Vec<Passage> = pending.iter().map(|one| Passage::of_record(&one.record.normalized)).collect();
    let mut embedded: Vec<Embedded> = pending
        .iter()
        .zip(&passages)
        .map(|(one, passage)| Embedded {
            record: one.record.record_id,
            text_hash: passage.hash(),
            vector: Vec::new(),
            words: passage.words(),
        })
        .collect();
    let mut missing = Vec::new();
    for (place, (one, passage)) in embedded.iter_mut().zip(passages).enumerate() {
        match known.vectors.get(&one.record).filter(|found| found.text_hash == one.text_hash) {
            Some(found) => one.vector.clone_from(&found.vector),
            None if passage.text().is_empty() => {}
            None => missing.push((place, passage)),
        }
    }
    if missing.is_empty() {
        return Ok(embedded);
    }
    let (places, passages): (Vec<usize>, Vec<Passage>) = missing.into_iter().unzip();
    let vectors = source.embed(tenant, passages).await?;
    for (place, vector) in places.into_iter().zip(vectors) {
        embedded[place].vector = vector.unwrap_or_default();
    }
    Ok(embedded)
}

/// The vectors that are not stored yet.
fn fresh(embedded: Vec<Embedded>, known: &Known) -> Vec<Embedded> {
    let is_new = |one: &Embedded| known.vectors.get(&one.record).is_none_or(|found| found.text_hash != one.text_hash);
    embedded.into_iter().filter(is_new).collect()
}

/// What the tenant's memory says; none while there is no model.
async fn score(
    app: &App,
    known: &Known,
    embedded: &[Embedded],
    source: &dyn VectorSource,
) -> Result<Option<Scores>, DbError> {
    let (tenant, model_stage) = (known.tenant, known.asks_model(app));
    let kept = app.memories.of(tenant);
    let mut place = kept.memory().lock_owned().await;
    let head = app
        .db
        .tenant(tenant, async |connection| tenant_memory::catch_up(&mut place, connection, tenant, source).await)
        .await?;
    let (Some(head), Some(memory)) = (head, place.as_ref()) else { return Ok(None) };
    app.memories.weigh(tenant, kept, memory);
    let (model, memory_version) = (memory.model(), memory.version());
    let seen: Vec<(Vec<f32>, Vec<u32>)> = embedded.iter().map(|one| (one.vector.clone(), one.words.clone())).collect();
    // Thousands of exemplars take milliseconds a record, too long for a runtime thread.
    let scoring = tokio::task::spawn_blocking(move || {
        let memory = place.as_ref()?;
        let score = |(vector, words): &(Vec<f32>, Vec<u32>)| {
            (!vector.is_empty()).then(|| {
                let (scored, verdict) = memory.decide(Seen { vector, words }, model_stage);
                Score { model: memory.model(), scored, verdict }
            })
        };
        Some(seen.iter().map(score).collect())
    });
    let each = scoring.await.expect("scoring does not panic");
    Ok(each.map(|each| Scores { model, memory_version, audit_salt: head.audit_salt, each }))
}

fn settled(pending: &[Pending], scores: &Scores, known: &Known, at: DateTime) -> Vec<Settled> {
    let grounds = Grounds {
        model: &scores.model,
        memory_version: scores.memory_version,
        names: &known.names,
        settings: &known.settings,
        audit_salt: scores.audit_salt,
        at,
    };
    let settle = |(one, score): (&Pending, &Option<Score>)| {
        let Some(Score { scored, verdict, .. }) = score else {
            let why = "the record has no text that could be compared, or that may be sent to where that is done";
            return Settled::open(similarity::undecided(one, WhyHuman::NoStageDecided, why, at));
        };
        match similarity::decide(one, scored, verdict, grounds) {
            Some((decision, remembered)) => Settled { decision, scored: Some(remembered) },
            None => {
                let why = "the likeliest label has just been deleted";
                Settled::open(similarity::undecided(one, WhyHuman::NoStageDecided, why, at))
            }
        }
    };
    pending.iter().zip(&scores.each).map(settle).collect()
}

async fn give_back(
    app: &App,
    (tenant, lease): (TenantId, Uuid),
    pending: &[Pending],
    due_at: DateTime,
) -> Result<(), DbError> {
    let records: Vec<RecordId> = pending.iter().map(|one| one.record.record_id).collect();
    app.db
        .tenant(tenant, async |connection| {
            pending_decisions::give_back(connection, tenant, lease, &records, due_at).await
        })
        .await
}
