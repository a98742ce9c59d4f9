//! What a language model contributed, and what it makes of a decision. Given the same receipt, the same comes out.

use common::LabelId;
use common::decision::{LlmOutcome, LlmReasoning, LlmTokens, WhyHuman};
use common::record::{RecordStatus, Stage};

use super::decision::Decision;

/// A model's answer, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelAnswer {
    /// Why a person is asked; none when a label was chosen.
    pub(crate) why: Option<WhyHuman>,
    pub(crate) receipt: LlmReasoning,
}

impl ModelAnswer {
    /// Nothing was answered, for this reason.
    pub(crate) fn not_asked(model: &str, why: WhyHuman, detail: &str) -> Self {
        let outcome = match why {
            WhyHuman::OverBudget => LlmOutcome::OverBudget,
            WhyHuman::NotSent => LlmOutcome::NotSent,
            _ => LlmOutcome::Unavailable,
        };
        let receipt = LlmReasoning {
            outcome,
            model: model.to_owned(),
            label: None,
            probability: None,
            accepts_from: None,
            confidence_from: None,
            detail: Some(detail.to_owned()),
            endpoint: None,
            served_by: None,
            fingerprint: None,
            prompt_version: None,
            prompt_hash: None,
            label_set_version: None,
            answer_key: None,
            calls: 0,
            tokens: LlmTokens::default(),
            cost: "0".into(),
            currency: String::new(),
            cached: false,
            answered_at: None,
        };
        Self { why: Some(why), receipt }
    }

    /// The answer that a receipt holds, for making its decision again.
    pub(crate) fn replayed(receipt: &LlmReasoning) -> Self {
        let why = match receipt.outcome {
            LlmOutcome::Decided => None,
            LlmOutcome::Abstained => Some(WhyHuman::ModelAbstained),
            LlmOutcome::Unavailable => Some(WhyHuman::ModelUnavailable),
            LlmOutcome::OverBudget => Some(WhyHuman::OverBudget),
            LlmOutcome::NotSent => Some(WhyHuman::NotSent),
        };
        Self { why, receipt: receipt.clone() }
    }

    /// The decision of the stages before with the model's part in it. Its label stands by itself from the probability
    /// that is proven, with which `accepts_from` comes; while none is proven a person is asked.
    pub(crate) fn conclude(
        self,
        before: Decision,
        label_id: Option<LabelId>,
        accepts_from: Option<f64>,
        is_audited: bool,
    ) -> Decision {
        let Self { why, receipt } = self;
        let receipt = LlmReasoning { accepts_from, ..receipt };
        let mut decision = before;
        let reasoning = &mut decision.receipt.reasoning;
        let (Some(label), None) = (receipt.label.clone(), why) else {
            let detail = receipt.detail.as_deref().unwrap_or_default();
            reasoning.summary = format!("{} {detail}", reasoning.summary).trim().to_owned();
            reasoning.why_human = why.or(reasoning.why_human);
            reasoning.llm = Some(receipt);
            return decision;
        };
        let probability = receipt.probability;
        let is_proven = probability.zip(accepts_from).is_some_and(|(p, from)| p >= from);
        let why = match (is_proven, accepts_from) {
            (true, _) => is_audited.then_some(WhyHuman::Audit),
            (false, Some(_)) => Some(WhyHuman::LowConfidence),
            (false, None) => Some(WhyHuman::NoThreshold),
        };
        let sure = probability.map_or_else(
            || "twice, in two orders of the labels".to_owned(),
            |p| format!("with a probability of {p:.2}"),
        );
        let model = &receipt.model;
        let because = match why {
            None => ".",
            Some(WhyHuman::Audit) => "; it was drawn for an audit, so a person is asked.",
            Some(WhyHuman::LowConfidence) => "; that is not proven to be enough, so a person is asked.",
            Some(_) => "; not enough decided records prove yet when that can be relied on, so a person is asked.",
        };
        reasoning.summary = format!("The language model {model} chose \"{label}\" {sure}{because}");
        reasoning.why_human = why;
        reasoning.llm = Some(receipt);
        Decision {
            label: Some(label),
            label_id,
            stage: Stage::Llm,
            confidence: probability,
            status: if why.is_none() { RecordStatus::Classified } else { RecordStatus::PendingReview },
            ..decision
        }
    }
}

/// What the model's answer is kept under, where a person says otherwise than it.
pub(crate) fn refuted(asked: Option<&LlmReasoning>, label: &str) -> Option<Vec<u8>> {
    let key = asked.filter(|asked| asked.label.as_deref() != Some(label))?.answer_key.as_deref()?;
    hex::decode(key).ok()
}

#[cfg(test)]
mod tests {
    use classifier::{RecordView, RuleSet};
    use common::decision::{ConfidenceFrom, Thresholds};
    use common::event::{Cause, RecordSnapshot};
    use common::record::NormalizedRecord;
    use common::trace::TraceContext;
    use common::{Actor, DateTime, DecisionId, RecordId, TenantId};

    use super::*;

    fn before() -> Decision {
        let record = RecordSnapshot {
            record_id: RecordId::generate(),
            external_id: None,
            source: "api".into(),
            integration_id: None,
            received_at: DateTime::UNIX_EPOCH,
            normalized: NormalizedRecord::default(),
        };
        let cause = Cause {
            tenant_id: TenantId::generate(),
            actor: Actor::service("test"),
            trace: TraceContext::random(),
            at: DateTime::UNIX_EPOCH,
        };
        let view = RecordView::new(&record.normalized, &record.source);
        let outcome = classifier::decide(&RuleSet::default(), &view, Thresholds::default());
        Decision::first(DecisionId::generate(), &record, &cause, outcome, None)
    }

    fn decided(probability: Option<f64>) -> ModelAnswer {
        let none = ModelAnswer::not_asked("m", WhyHuman::ModelUnavailable, "");
        let from = if probability.is_some() { ConfidenceFrom::Probability } else { ConfidenceFrom::Agreement };
        let receipt = LlmReasoning {
            outcome: LlmOutcome::Decided,
            label: Some("travel".into()),
            probability,
            confidence_from: Some(from),
            detail: None,
            ..none.receipt
        };
        ModelAnswer { why: None, receipt }
    }

    #[test]
    fn a_label_stands_only_from_a_proven_probability() {
        for (probability, from, status) in [
            (Some(0.95), Some(0.9), RecordStatus::Classified),
            (Some(0.9), Some(0.9), RecordStatus::Classified),
            (Some(0.89), Some(0.9), RecordStatus::PendingReview),
            (Some(0.99), None, RecordStatus::PendingReview),
            (None, Some(0.5), RecordStatus::PendingReview),
        ] {
            let decision = decided(probability).conclude(before(), None, from, false);
            assert_eq!((decision.status, decision.stage), (status, Stage::Llm), "{probability:?} from {from:?}");
            assert_eq!((decision.label.as_deref(), decision.confidence), (Some("travel"), probability));
            let why = decision.receipt.reasoning.why_human;
            assert_eq!(why.is_none(), status == RecordStatus::Classified);
        }
    }

    #[test]
    fn without_an_answer_a_person_is_asked_and_told_why() {
        for why in [WhyHuman::ModelAbstained, WhyHuman::ModelUnavailable, WhyHuman::OverBudget, WhyHuman::NotSent] {
            let answer = ModelAnswer { why: Some(why), ..ModelAnswer::not_asked("m", why, "This is why.") };
            let decision = answer.conclude(before(), None, Some(0.0), false);
            assert_eq!((decision.status, decision.stage), (RecordStatus::PendingReview, Stage::None));
            let reasoning = decision.receipt.reasoning;
            assert_eq!((decision.label, reasoning.why_human), (None, Some(why)));
            assert!(reasoning.summary.ends_with("This is why."), "{}", reasoning.summary);
        }
    }

    #[test]
    fn a_receipt_gives_its_decision_again() {
        let before = before();
        for answer in [decided(Some(0.95)), ModelAnswer::not_asked("m", WhyHuman::NotSent, "No.")] {
            let first = answer.conclude(before.clone(), None, Some(0.9), false);
            let kept = first.receipt.reasoning.llm.clone().expect("the model's part");
            assert_eq!(ModelAnswer::replayed(&kept).conclude(before.clone(), None, Some(0.9), false), first);
        }
    }
}
