//! One tenant's claimed records: vectors, scores, decisions.

use std::collections::HashMap;
use std::sync::Arc;

use common::decision::WhyHuman;
use common::{DateTime, LabelId, RecordId, TenantId};
use db::DbError;
use learning::{Route, Scored, Seen};
use uuid::Uuid;

use super::asking::{self, Asking, Question};
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

/// The wait while the language model is busy with others.
const WAIT_FOR_TURN: chrono::Duration = chrono::Duration::seconds(1);

/// What the tenant's records are decided with.
struct Known {
    settings: TenantSettings,
    names: HashMap<LabelId, String>,
    vectors: HashMap<RecordId, Embedded>,
}

/// What the memory said of each record; none of one without a vector.
struct Scores {
    model: Arc<TenantModel>,
    memory_version: i64,
    audit_salt: Uuid,
    each: Vec<Option<(Scored, learning::Decision)>>,
}

/// Decides the records, or gives them back to be tried again.
pub(super) async fn decide(
    app: &Arc<App>,
    tenant: TenantId,
    lease: Uuid,
    claimed: Vec<Claimed>,
) -> Result<(), DbError> {
    let attempts = claimed.iter().map(|one| one.attempts).max().unwrap_or_default();
    let pending: Vec<Pending> = claimed.into_iter().map(|one| one.pending).collect();
    let known = known(app, tenant, &pending).await?;
    let asks_model = known.settings.stages.llm && app.model.is_some();
    let Some(source) = app.vectors.as_ref().ok().filter(|_| known.settings.stages.embedding) else {
        if asks_model && !known.names.is_empty() {
            return ask_of_all(app, (tenant, lease), known, &pending).await;
        }
        if known.settings.stages.embedding {
            return ask_people(app, (tenant, lease), &pending, WhyHuman::StageUnavailable, NO_VECTORS).await;
        }
        return ask_people(app, (tenant, lease), &pending, WhyHuman::NoStageDecided, "").await;
    };
    if known.names.is_empty() {
        let why = "there are no labels to choose from";
        return ask_people(app, (tenant, lease), &pending, WhyHuman::NoStageDecided, why).await;
    }
    let embedded = match embed(tenant, &pending, &known, &**source).await {
        Ok(embedded) => embedded,
        Err(error) if attempts < MOST_ATTEMPTS => {
            tracing::warn!(%tenant, %error, attempts, "pending records are tried again");
            let wait = FIRST_WAIT * 2_i32.pow(attempts.clamp(0, MOST_ATTEMPTS) as u32);
            return give_back(app, (tenant, lease), &pending, app.clock.now() + wait).await;
        }
        Err(_) => {
            let why = "the embedding model did not answer";
            return ask_people(app, (tenant, lease), &pending, WhyHuman::StageUnavailable, why).await;
        }
    };
    let Some(scores) = score(app, tenant, &embedded, &**source, asks_model).await? else {
        // The first model: fitted here, or by whoever is at it already.
        if fit_model(app, tenant, &**source).await? == Fit::Busy {
            return give_back(app, (tenant, lease), &pending, app.clock.now() + WAIT_FOR_FIT).await;
        }
        return give_back(app, (tenant, lease), &pending, app.clock.now()).await;
    };
    let all = settled(&pending, &scores, &known, app.clock.now());
    let fresh = fresh(&embedded, &known);
    let (questions, settled) = if asks_model { to_ask(&pending, all, &scores, &known) } else { (Vec::new(), all) };
    app.db
        .tenant(tenant, async |connection| {
            settle_pending(connection, app, tenant, lease, settled).await?;
            embeddings::put(connection, tenant, source.model_id(), &fresh, app.clock.now()).await
        })
        .await?;
    ask_model(app, (tenant, lease), known, questions).await
}

/// Those that a language model is to be asked about, and the rest.
fn to_ask(pending: &[Pending], all: Vec<Settled>, scores: &Scores, known: &Known) -> (Vec<Question>, Vec<Settled>) {
    let name = |number: u32| known.names.get(&scores.model.label_of(number)?).cloned();
    let (mut questions, mut rest) = (Vec::new(), Vec::new());
    for ((one, settled), score) in pending.iter().zip(all).zip(&scores.each) {
        let possible = match score.as_ref().map(|(_, verdict)| &verdict.route) {
            // Accepted, and perhaps drawn for an audit; or below what the tenant wants, which a model may still settle.
            Some(Route::Accept) if settled.decision.receipt.reasoning.why_human != Some(WhyHuman::LowConfidence) => {
                None
            }
            Some(Route::AskModel(labels)) => Some(labels.iter().filter_map(|label| name(*label)).collect()),
            Some(Route::Accept | Route::AskPerson) | None => Some(Vec::new()),
        };
        let Some(possible) = possible else {
            rest.push(settled);
            continue;
        };
        let near = score.iter().flat_map(|(scored, _)| &scored.neighbours);
        let similar = near.filter_map(|near| Some((RecordId(near.id), name(near.label)?))).collect();
        questions.push(Question { settled, record: one.record.clone(), possible, similar });
    }
    (questions, rest)
}

/// Asks the model about all of them, where there is no similarity.
async fn ask_of_all(app: &Arc<App>, key: (TenantId, Uuid), known: Known, pending: &[Pending]) -> Result<(), DbError> {
    let at = app.clock.now();
    let question = |one: &Pending| {
        let decision = similarity::undecided(one, WhyHuman::NoStageDecided, "", at);
        let settled = Settled { decision, scored: None };
        Question { settled, record: one.record.clone(), possible: Vec::new(), similar: Vec::new() }
    };
    let questions = pending.iter().map(question).collect();
    ask_model(app, key, known, questions).await
}

/// Asks beside this worker; while every turn is taken the records wait.
async fn ask_model(
    app: &Arc<App>,
    (tenant, lease): (TenantId, Uuid),
    known: Known,
    questions: Vec<Question>,
) -> Result<(), DbError> {
    if questions.is_empty() {
        return Ok(());
    }
    let Ok(turn) = Arc::clone(&app.cascade.turns).try_acquire_owned() else {
        let records: Vec<RecordId> = questions.iter().map(|one| one.record.record_id).collect();
        let due = app.clock.now() + WAIT_FOR_TURN;
        let back = async |connection: &mut db::Connection| {
            pending_decisions::give_back(connection, tenant, lease, &records, due).await
        };
        return app.db.tenant(tenant, back).await;
    };
    let asking = Asking { tenant, lease, settings: known.settings, names: known.names };
    tokio::spawn(asking::run(Arc::clone(app), asking, questions, turn));
    Ok(())
}

async fn known(app: &App, tenant: TenantId, pending: &[Pending]) -> Result<Known, DbError> {
    let records: Vec<RecordId> = pending.iter().map(|one| one.record.record_id).collect();
    app.db
        .tenant(tenant, async |connection| {
            Ok(Known {
                settings: settings::find(connection, tenant).await?,
                names: labels::names(connection, tenant).await?,
                vectors: match app.model_id() {
                    Some(model) => embeddings::find(connection, tenant, model, &records).await?,
                    None => HashMap::new(),
                },
            })
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
fn fresh(embedded: &[Embedded], known: &Known) -> Vec<Embedded> {
    let is_new = |one: &&Embedded| known.vectors.get(&one.record).is_none_or(|found| found.text_hash != one.text_hash);
    embedded.iter().filter(is_new).cloned().collect()
}

/// What the tenant's memory says; none while there is no model.
async fn score(
    app: &App,
    tenant: TenantId,
    embedded: &[Embedded],
    source: &dyn VectorSource,
    asks_model: bool,
) -> Result<Option<Scores>, DbError> {
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
            (!vector.is_empty()).then(|| memory.decide(Seen { vector, words }, asks_model))
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
    let settle = |(one, score): (&Pending, &Option<(Scored, learning::Decision)>)| {
        let Some((scored, verdict)) = score else {
            let why = "the record has no text that could be compared";
            let decision = similarity::undecided(one, WhyHuman::NoStageDecided, why, at);
            return Settled { decision, scored: None };
        };
        match similarity::decide(one, scored, verdict, grounds) {
            Some((decision, remembered)) => Settled { decision, scored: Some(remembered) },
            None => {
                let why = "the likeliest label has just been deleted";
                Settled { decision: similarity::undecided(one, WhyHuman::NoStageDecided, why, at), scored: None }
            }
        }
    };
    pending.iter().zip(&scores.each).map(settle).collect()
}

async fn ask_people(
    app: &App,
    (tenant, lease): (TenantId, Uuid),
    pending: &[Pending],
    why: WhyHuman,
    because: &str,
) -> Result<(), DbError> {
    let at = app.clock.now();
    let undecided = |one: &Pending| similarity::undecided(one, why, because, at);
    let settled = pending.iter().map(|one| Settled { decision: undecided(one), scored: None }).collect();
    app.db.tenant(tenant, async |connection| settle_pending(connection, app, tenant, lease, settled).await).await
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
