//! Decisions: what was decided of a record, by whom, on what grounds, and how others are told.

use classifier::{Outcome, RecordView, RuleError, RuleSet};
use common::decision::{Candidate, Proposal, Reasoning, Thresholds};
use common::event::{ApprovalOutcome, Approved, Cause, Classified, Event, RecordSnapshot, ReviewRequested};
use common::record::{RecordStatus, Stage};
use common::{Actor, ApprovalId, DateTime, DecisionId, LabelId, RecordId, TenantId};
use serde::{Deserialize, Serialize};

/// The service's name on the events that it tells.
pub(crate) const SERVICE: &str = "processing";

/// One decision about one record; never changed once made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) id: DecisionId,
    pub(crate) record_id: RecordId,
    pub(crate) tenant_id: TenantId,
    /// Counts the record's machine decisions from 1; a person's has none.
    pub(crate) sequence: Option<i32>,
    pub(crate) label_id: Option<LabelId>,
    /// The label's name of the time.
    pub(crate) label: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) confidence: Option<f64>,
    pub(crate) status: RecordStatus,
    pub(crate) receipt: StoredReceipt,
    /// The person; `None` for a machine.
    pub(crate) decided_by: Option<Actor>,
    pub(crate) decided_at: DateTime,
}

/// The part of a receipt that is kept as JSON: short, however many rules there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredReceipt {
    pub(crate) reasoning: Reasoning,
    /// The rules that had no value for the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<RuleError>,
    /// The labels that were considered, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) candidates: Vec<Candidate>,
    /// The person's part, if a person decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) review: Option<Review>,
}

/// What a person was asked and said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    /// The question; none when the person decided without being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) approval_id: Option<ApprovalId>,
    /// The decision that had proposed.
    pub(crate) proposal_id: DecisionId,
    #[serde(default)]
    pub(crate) comment: Option<String>,
}

impl StoredReceipt {
    /// What the rules came to.
    pub(crate) const fn of_rules_outcome(reasoning: Reasoning, errors: Vec<RuleError>) -> Self {
        Self { reasoning, errors, candidates: Vec::new(), review: None }
    }

    /// The rules' part, in the form that the classifier expands.
    pub(crate) fn of_rules(&self) -> classifier::Receipt {
        classifier::Receipt {
            matched: self.reasoning.rule.as_ref().map(|rule| rule.id),
            evaluated: self.reasoning.rules_evaluated,
            errors: self.errors.clone(),
        }
    }
}

/// Decides by the stages that are switched on.
pub(crate) fn decide(rules: &RuleSet, rule_stage: bool, record: &RecordSnapshot, thresholds: Thresholds) -> Outcome {
    let view = RecordView::new(&record.normalized, &record.source);
    if rule_stage {
        return classifier::decide(rules, &view, thresholds);
    }
    let mut outcome = classifier::decide(&RuleSet::compile(rules.version(), []), &view, thresholds);
    outcome.reasoning.summary = "The rule stage is switched off, so a person is asked.".into();
    outcome
}

impl Decision {
    /// The machine's first decision about a record that just arrived.
    pub(crate) fn first(
        id: DecisionId,
        record: &RecordSnapshot,
        cause: &Cause,
        outcome: Outcome,
        label_id: Option<LabelId>,
    ) -> Self {
        Self {
            id,
            record_id: record.record_id,
            tenant_id: cause.tenant_id,
            sequence: Some(1),
            label_id,
            label: outcome.label,
            stage: outcome.stage,
            confidence: outcome.confidence,
            status: outcome.status,
            receipt: StoredReceipt::of_rules_outcome(outcome.reasoning, outcome.receipt.errors),
            decided_by: None,
            decided_at: cause.at,
        }
    }

    /// The same decision with what its stages came to in place of what they had.
    pub(crate) fn with(&self, outcome: Outcome) -> Self {
        Self {
            label: outcome.label,
            stage: outcome.stage,
            confidence: outcome.confidence,
            status: outcome.status,
            receipt: StoredReceipt::of_rules_outcome(outcome.reasoning, outcome.receipt.errors),
            ..self.clone()
        }
    }

    /// The same decision made anew, in place of what came after it.
    pub(crate) fn again(&self, id: DecisionId, sequence: i32, at: DateTime) -> Self {
        Self { id, sequence: Some(sequence), decided_at: at, ..self.clone() }
    }

    /// Whether it says the same as another one on the same grounds.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let rule = |decision: &Self| decision.receipt.reasoning.rule.as_ref().map(|rule| (rule.id, rule.version));
        self.label == other.label
            && self.stage == other.stage
            && self.confidence == other.confidence
            && self.status == other.status
            && self.receipt.reasoning.why_human == other.receipt.reasoning.why_human
            && self.receipt.errors == other.receipt.errors
            && rule(self) == rule(other)
    }

    /// A person's decision, as approvals told it.
    pub(crate) fn of_person(tenant_id: TenantId, actor: Actor, approved: &Approved) -> Self {
        let asked = &approved.proposal.reasoning;
        let reasoning = Reasoning {
            summary: summary_of(&actor, approved),
            rule: None,
            rule_set_version: None,
            rules_evaluated: 0,
            thresholds: asked.thresholds,
            why_human: asked.why_human,
            ..Reasoning::default()
        };
        let review = Review {
            approval_id: approved.approval_id,
            proposal_id: approved.proposal.decision_id,
            comment: approved.comment.clone(),
        };
        Self {
            id: approved.decision_id,
            record_id: approved.record.record_id,
            tenant_id,
            sequence: None,
            label_id: None,
            label: Some(approved.label.clone()),
            stage: Stage::Human,
            confidence: None,
            status: match approved.outcome {
                ApprovalOutcome::Approve => RecordStatus::Approved,
                ApprovalOutcome::Override => RecordStatus::Overridden,
            },
            receipt: StoredReceipt { reasoning, errors: Vec::new(), candidates: Vec::new(), review: Some(review) },
            decided_by: Some(actor),
            decided_at: approved.decided_at,
        }
    }

    /// Tells the others: that it is decided, or that a person is needed.
    pub(crate) fn announce(&self, cause: &Cause, record: RecordSnapshot) -> Event {
        self.tell(cause, record, None)
    }

    /// The same, in place of a person's decision that they take back.
    pub(crate) fn announce_in_place(&self, cause: &Cause, record: RecordSnapshot, of: DecisionId) -> Event {
        self.tell(cause, record, Some(of))
    }

    fn tell(&self, cause: &Cause, record: RecordSnapshot, withdraws: Option<DecisionId>) -> Event {
        let sequence = self.sequence.unwrap_or_default();
        match (&self.label, self.confidence, self.status) {
            (Some(label), Some(confidence), RecordStatus::Classified) => {
                let classified = Classified {
                    record_id: self.record_id,
                    decision_id: self.id,
                    sequence,
                    label: label.clone(),
                    stage: self.stage,
                    confidence,
                    reasoning: self.receipt.reasoning.clone(),
                    source: record.source,
                    received_at: record.received_at,
                    withdraws,
                };
                Event::new(cause, SERVICE, &classified)
            }
            _ => {
                let proposal = Proposal {
                    decision_id: self.id,
                    label: self.label.clone(),
                    stage: self.stage,
                    confidence: self.confidence,
                    reasoning: self.receipt.reasoning.clone(),
                };
                let mut candidates = self.receipt.candidates.clone();
                if candidates.is_empty() {
                    let proposed = self.label.iter().zip(self.confidence);
                    candidates.extend(proposed.map(|(label, score)| Candidate { label: label.clone(), score }));
                }
                Event::new(cause, SERVICE, &ReviewRequested { sequence, proposal, candidates, record, withdraws })
            }
        }
    }
}

fn summary_of(actor: &Actor, approved: &Approved) -> String {
    let who = actor.name.as_deref().unwrap_or(&actor.id);
    let label = &approved.label;
    match (approved.outcome, &approved.proposal.label) {
        (ApprovalOutcome::Approve, _) => format!("{who} agreed: \"{label}\"."),
        (ApprovalOutcome::Override, Some(proposed)) => format!("{who} chose \"{label}\" instead of \"{proposed}\"."),
        (ApprovalOutcome::Override, None) => format!("{who} chose \"{label}\"."),
    }
}
