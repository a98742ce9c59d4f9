//! Reading what came of a batch.

use std::collections::HashMap;

use super::{Batch, BatchError, BatchPlan, BatchResults, BatchState, PlannedItem, custom_id, passes};
use crate::answer::{Abstention, Reading, read, tokens_of};
use crate::confidence::Confidence;
use crate::error::{Unavailable, reason_of};
use crate::outcome::{Decision, Outcome, Provenance, Tokens};
use crate::price::{Micros, Price};
use crate::prompt::{Meaning, PROMPT_VERSION};
use crate::wire::{BatchLine, ChatResponse};

impl Batch {
    /// What came of a batch so far; all of it once its status is final. Reading again gives the same.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn results(&self, plan: &BatchPlan, state: &BatchState) -> Result<BatchResults, BatchError> {
        let mut answers: HashMap<String, Result<ChatResponse, Unavailable>> = HashMap::new();
        for file in [&state.output_file, &state.error_file].into_iter().flatten() {
            let client = self.client();
            let content = client.files().content(file).await.map_err(|error| reason_of(&error))?;
            for line in content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                let line: BatchLine = serde_json::from_slice(line).map_err(|_| Unavailable::Malformed)?;
                answers.insert(line.custom_id.clone(), answer_of(line));
            }
        }
        let price = self.price(&plan.model)?;
        let mut results = BatchResults { outcomes: Vec::new(), missing: Vec::new(), cost: Micros::ZERO };
        for item in &plan.items {
            match self.outcome(plan, item, price, &answers, &mut results.cost) {
                Some(outcome) => results.outcomes.push((item.id.clone(), outcome)),
                None => results.missing.push(item.id.clone()),
            }
        }
        Ok(results)
    }

    fn outcome(
        &self,
        plan: &BatchPlan,
        item: &PlannedItem,
        price: Price,
        answers: &HashMap<String, Result<ChatResponse, Unavailable>>,
        cost: &mut Micros,
    ) -> Option<Outcome> {
        let mut readings: Vec<Result<Reading, Unavailable>> = Vec::new();
        let mut provenance = self.provenance(plan, item);
        for (pass, ids) in passes(item.labels.len(), item.is_asked_twice) {
            let Some(answer) = answers.get(&custom_id(&item.id, pass)) else { continue };
            if let Ok(response) = answer {
                let tokens = tokens_of(response, item.prompt_tokens);
                let spent = self.discounted(price, tokens);
                *cost = *cost + spent;
                provenance.calls += 1;
                provenance.tokens = provenance.tokens + tokens;
                provenance.cost = provenance.cost + spent;
                provenance.served_by.clone_from(&response.model);
                provenance.fingerprint.clone_from(&response.system_fingerprint);
            }
            readings.push(answer.as_ref().map_err(|reason| *reason).and_then(|response| read(response, &ids)));
        }
        let wanted = if item.is_asked_twice { 2 } else { 1 };
        (readings.len() == wanted).then(|| conclude(&readings, &item.labels, provenance))
    }

    fn provenance(&self, plan: &BatchPlan, item: &PlannedItem) -> Provenance {
        Provenance {
            endpoint: self.model.inner.settings.endpoint.clone(),
            model: plan.model.clone(),
            served_by: None,
            fingerprint: None,
            prompt_version: PROMPT_VERSION.to_owned(),
            prompt_hash: item.prompt_hash.clone(),
            label_set_version: item.label_set_version.clone(),
            calls: 0,
            tokens: Tokens::default(),
            cost: Micros::ZERO,
            is_cached: false,
            answered_at: self.model.inner.parts.clock.now(),
        }
    }
}

fn answer_of(line: BatchLine) -> Result<ChatResponse, Unavailable> {
    let response = line.response.ok_or(Unavailable::Malformed)?;
    match response.status_code {
        200..=299 => serde_json::from_value(response.body).map_err(|_| Unavailable::Malformed),
        429 => Err(Unavailable::RateLimited),
        status @ 500.. => Err(Unavailable::ServerError { status }),
        status => Err(Unavailable::Rejected { status }),
    }
}

/// One outcome of one reading or of two.
fn conclude(readings: &[Result<Reading, Unavailable>], labels: &[String], provenance: Provenance) -> Outcome {
    let mut chosen: Option<(usize, Option<f64>)> = None;
    for reading in readings {
        let label = match reading {
            Err(reason) => return Outcome::Unavailable(*reason),
            Ok(Reading { said: Err(why), .. }) => return Outcome::Abstained { why: *why, provenance },
            Ok(Reading { said: Ok(Meaning::NoneOfThese), .. }) if chosen.is_none() => {
                return Outcome::Abstained { why: Abstention::NoneOfThese, provenance };
            }
            Ok(Reading { said: Ok(Meaning::NoneOfThese), .. }) => None,
            Ok(Reading { said: Ok(Meaning::Label(label)), probability }) => Some((*label, *probability)),
        };
        match (chosen, label) {
            (None, Some(first)) => chosen = Some(first),
            (Some((first, _)), Some((second, _))) if first == second => {}
            _ => return Outcome::Abstained { why: Abstention::Disagreement, provenance },
        }
    }
    let Some((label, probability)) = chosen else { return Outcome::Unavailable(Unavailable::Malformed) };
    let confidence = match probability {
        Some(probability) => Confidence::Probability(probability),
        None if readings.len() > 1 => Confidence::Agreement,
        // Asked once, because probabilities were promised, and none came.
        None => return Outcome::Abstained { why: Abstention::NoConfidence, provenance },
    };
    Outcome::Decided(Decision { label: labels[label].clone(), confidence, provenance })
}
