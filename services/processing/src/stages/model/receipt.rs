//! From what the model step says to what a receipt says.

use common::decision::{ConfidenceFrom, LlmOutcome, LlmReasoning, LlmTokens, WhyHuman};
use language_model::{CacheKey, Confidence, Outcome, Provenance, Unavailable};

use super::sentence;
use crate::domain::model_answer::ModelAnswer;

/// What the receipts of one question have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipts<'r> {
    pub(super) model: &'r str,
    pub(super) currency: &'r str,
}

impl Receipts<'_> {
    /// The answer that an outcome is.
    pub(super) fn of(self, outcome: Outcome, key: &CacheKey) -> ModelAnswer {
        match outcome {
            Outcome::Decided(decision) => {
                let from = match decision.confidence {
                    Confidence::Probability(_) => ConfidenceFrom::Probability,
                    Confidence::Agreement => ConfidenceFrom::Agreement,
                };
                let receipt = self.answered(LlmOutcome::Decided, decision.provenance, key);
                let receipt = LlmReasoning {
                    label: Some(decision.label),
                    probability: decision.confidence.probability(),
                    confidence_from: Some(from),
                    ..receipt
                };
                ModelAnswer { why: None, receipt }
            }
            Outcome::Abstained { why, provenance } => {
                let receipt = self.answered(LlmOutcome::Abstained, provenance, key);
                let receipt = LlmReasoning { detail: Some(sentence(&why.to_string())), ..receipt };
                ModelAnswer { why: Some(WhyHuman::ModelAbstained), receipt }
            }
            Outcome::Unavailable(reason) => self.unavailable(reason),
            Outcome::OverBudget(exhausted) => self.refused(WhyHuman::OverBudget, &exhausted.to_string()),
            Outcome::NoCalls(none) => self.refused(WhyHuman::OverBudget, &none.to_string()),
            Outcome::NotAllowed(why) => self.refused(WhyHuman::NotSent, &why.to_string()),
        }
    }

    pub(super) fn unavailable(self, reason: Unavailable) -> ModelAnswer {
        self.refused(WhyHuman::ModelUnavailable, &reason.to_string())
    }

    fn refused(self, why: WhyHuman, reason: &str) -> ModelAnswer {
        ModelAnswer::not_asked(self.model, why, &sentence(reason))
    }

    fn answered(self, outcome: LlmOutcome, provenance: Provenance, key: &CacheKey) -> LlmReasoning {
        let tokens = provenance.tokens;
        LlmReasoning {
            outcome,
            model: provenance.model,
            label: None,
            probability: None,
            accepts_from: None,
            confidence_from: None,
            detail: None,
            endpoint: Some(provenance.endpoint),
            served_by: provenance.served_by,
            fingerprint: provenance.fingerprint,
            prompt_version: Some(provenance.prompt_version),
            prompt_hash: Some(provenance.prompt_hash),
            label_set_version: Some(provenance.label_set_version),
            answer_key: Some(hex::encode(key.digest)),
            calls: provenance.calls,
            tokens: LlmTokens {
                prompt: tokens.prompt,
                cached_prompt: tokens.cached_prompt,
                completion: tokens.completion,
                counted: tokens.is_counted,
            },
            cost: provenance.cost.to_string(),
            currency: self.currency.to_owned(),
            cached: provenance.is_cached,
            answered_at: Some(provenance.answered_at),
        }
    }
}
