//! The language model's turn: records that neither rules nor similarity decided.

use std::collections::HashMap;

use common::decision::{Candidate, WhyHuman};
use common::record::{RecordStatus, Stage};
use common::{LabelId, RecordId};
use db::DbError;
use futures_util::StreamExt as _;
use futures_util::stream;
use learning::Route;
use learning::confidence::AuditSettings;

use super::{Known, Scores};
use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::model_answer::ModelAnswer;
use crate::domain::model_evidence::Proven;
use crate::domain::pending::Pending;
use crate::domain::policy::WINDOW;
use crate::stages::model::{ModelExample, ModelRequest, ModelStep, ask};
use crate::store::model_evidence;
use crate::store::records::{self, Known as KnownRecord};
use crate::usecases::settle_pending::Settled;

/// Questions of one batch at the same time. Even if each takes as long as it may, a batch is done before its lease ends.
const AT_ONCE: usize = 8;

/// Asks about the records that are open; the others stay as they are. What the model says is a proposal to a person until
/// people have agreed often enough.
pub(super) async fn ask_where_open(
    app: &App,
    known: &Known,
    pending: &[Pending],
    settled: Vec<Settled>,
    scores: Option<&Scores>,
) -> Result<Vec<Settled>, DbError> {
    if !known.asks_model(app) || known.names.is_empty() {
        return Ok(settled);
    }
    let (similar, proven) = grounds(app, known, scores).await?;
    let requests: Vec<Option<ModelRequest>> = pending
        .iter()
        .zip(&settled)
        .enumerate()
        .map(|(place, (one, settled))| {
            is_open(&settled.decision).then(|| request(one, known, scores.and_then(|all| all.of(place)), &similar))
        })
        .collect();
    let asked = stream::iter(requests).map(|request| async move {
        match request {
            Some(request) => Some(ask(app, &request).await),
            None => None,
        }
    });
    let answers: Vec<Option<ModelAnswer>> = asked.buffered(AT_ONCE).collect().await;
    let concluded = settled.into_iter().zip(answers).map(|(settled, answer)| match answer {
        Some(answer) => Settled { decision: conclude(settled.decision, answer, known, proven), ..settled },
        None => settled,
    });
    Ok(concluded.collect())
}

/// One that was drawn for an audit has a label that may stand; a person looks whether it should.
fn is_open(decision: &Decision) -> bool {
    decision.status == RecordStatus::PendingReview && decision.receipt.reasoning.why_human != Some(WhyHuman::Audit)
}

fn request(
    pending: &Pending,
    known: &Known,
    score: Option<&super::Score>,
    similar: &HashMap<RecordId, KnownRecord>,
) -> ModelRequest {
    let possible = match score.map(|score| &score.verdict.route) {
        Some(Route::AskModel(numbers)) => {
            numbers.iter().filter_map(|number| score?.name_of(*number, &known.names)).collect()
        }
        Some(Route::Accept | Route::AskPerson) | None => Vec::new(),
    };
    let example = |near: &learning::Neighbour| {
        let decided = &similar.get(&RecordId(near.id))?.record;
        let label = score?.name_of(near.label, &known.names)?;
        Some(ModelExample { record: decided.normalized.clone(), source: decided.source.clone(), label })
    };
    // The most similar one last, nearest to the question.
    let examples = score.map(|score| score.scored.neighbours.iter().rev().filter_map(example).collect());
    ModelRequest {
        tenant: pending.tenant,
        record: pending.record.normalized.clone(),
        source: pending.record.source.clone(),
        possible,
        examples: examples.unwrap_or_default(),
    }
}

/// The decided records that the questions show, and from which probability on an answer is proven to be right often enough.
async fn grounds(
    app: &App,
    known: &Known,
    scores: Option<&Scores>,
) -> Result<(HashMap<RecordId, KnownRecord>, Proven), DbError> {
    let scored = scores.iter().flat_map(|scores| scores.each.iter().flatten());
    let near = scored.flat_map(|score| &score.scored.neighbours);
    let mut ids: Vec<RecordId> = near.map(|near| RecordId(near.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let model = known.settings.llm.model.as_deref().or(app.model.as_ref().map(ModelStep::default_model));
    app.db
        .tenant(known.tenant, async |connection| {
            let similar = records::find_many(connection, known.tenant, &ids).await?;
            let closed = model_evidence::closed(connection, known.tenant, model.unwrap_or_default(), WINDOW).await?;
            Ok((similar, Proven::by(&closed, &known.settings)))
        })
        .await
}

fn conclude(mut before: Decision, answer: ModelAnswer, known: &Known, proven: Proven) -> Decision {
    let thresholds = &mut before.receipt.reasoning.thresholds;
    thresholds.auto_accept = known.settings.auto_accept_threshold;
    thresholds.target_error_rate = Some(proven.target_error_rate);
    thresholds.audit_rate = Some(proven.audit_rate);
    // Nobody outside knows the decision's id before it is made, so nobody can choose what is audited.
    let is_drawn = AuditSettings::draws(before.record_id.0.as_bytes(), before.id.0.as_bytes(), proven.audit_rate);
    let label_id = answer.receipt.label.as_ref().and_then(|label| label_id(label, known));
    let mut decision = answer.conclude(before, label_id, proven.accepts_from, is_drawn);
    if let (Stage::Llm, Some(label)) = (decision.stage, decision.label.clone()) {
        let candidates = &mut decision.receipt.candidates;
        let before = candidates.iter().position(|one| one.label == label).map(|place| candidates.remove(place));
        let score = decision.confidence.or(before.map(|before| before.score)).unwrap_or_default();
        candidates.insert(0, Candidate { label, score });
    }
    decision
}

fn label_id(label: &str, known: &Known) -> Option<LabelId> {
    known.names.iter().find(|(_, name)| *name == label).map(|(id, _)| *id)
}
