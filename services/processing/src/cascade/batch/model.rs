//! The language model's turn: records that neither rules nor similarity decided.

use std::collections::HashMap;

use common::decision::{Candidate, WhyHuman};
use common::record::{RecordStatus, Stage};
use common::{LabelId, RecordId};
use db::DbError;
use futures_util::StreamExt as _;
use futures_util::stream;
use learning::Route;

use super::{Known, Scores};
use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::model_answer::ModelAnswer;
use crate::domain::pending::Pending;
use crate::stages::model::{ModelExample, ModelRequest, ask};
use crate::store::records::{self, Known as KnownRecord};
use crate::usecases::settle_pending::Settled;

/// Questions of one batch at the same time. Even if each takes as long as it may, a batch is done before its lease ends.
const AT_ONCE: usize = 8;

/// Asks about the records that are open; the others stay as they are. What the model says is a proposal to a person.
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
    let similar = similar(app, known, scores).await?;
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
        Some(answer) => Settled { decision: conclude(settled.decision, answer, known), ..settled },
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

/// The decided records that the questions show.
async fn similar(app: &App, known: &Known, scores: Option<&Scores>) -> Result<HashMap<RecordId, KnownRecord>, DbError> {
    let Some(scores) = scores else { return Ok(HashMap::new()) };
    let near = scores.each.iter().flatten().flat_map(|score| &score.scored.neighbours);
    let mut ids: Vec<RecordId> = near.map(|near| RecordId(near.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    app.db.tenant(known.tenant, async |connection| records::find_many(connection, known.tenant, &ids).await).await
}

fn conclude(before: Decision, answer: ModelAnswer, known: &Known) -> Decision {
    let label_id = answer.receipt.label.as_ref().and_then(|label| label_id(label, known));
    // No probability of the model's is proven for this tenant, so its label stands by itself from none.
    let mut decision = answer.conclude(before, label_id, None);
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
