//! An approval as the API shows it.

use common::decision::{Candidate, Proposal};
use common::event::RecordSnapshot;
use common::record::{NormalizedRecord, Stage};
use common::{Actor, ApprovalId, DateTime, DecisionId, IntegrationId, RecordId, RuleId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Approval, ApprovalStatus};

/// A question put to a person, and the answer once there is one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalResponse {
    id: ApprovalId,
    record_id: RecordId,
    /// Which of the record's machine decisions asks, counted from 1.
    sequence: i32,
    status: ApprovalStatus,
    /// The label proposed; null when no step came to one.
    label: Option<String>,
    /// The step that proposes.
    stage: Stage,
    /// Probability that the proposed label is right, 0 to 1.
    confidence: Option<f64>,
    /// What the machine came to and what it rests on.
    proposal: Proposal,
    /// Labels considered, best first.
    candidates: Vec<Candidate>,
    record: RecordResponse,
    /// Who holds the lease now.
    claimed_by: Option<Uuid>,
    claimed_by_name: Option<String>,
    claim_expires_at: Option<DateTime>,
    decided_by: Option<Actor>,
    decided_at: Option<DateTime>,
    /// The label that stands since the answer.
    outcome_label: Option<String>,
    comment: Option<String>,
    /// The rule asked for along with the override.
    rule_id: Option<RuleId>,
    /// The person's decision.
    decision_id: Option<DecisionId>,
    requested_at: DateTime,
    version: i32,
}

/// The record as it was when the question was put.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordResponse {
    id: RecordId,
    external_id: Option<String>,
    source: String,
    integration_id: Option<IntegrationId>,
    received_at: DateTime,
    normalized: NormalizedRecord,
}

impl ApprovalResponse {
    /// The approval as of `now`: a lease that has ended is not shown.
    pub(crate) fn new(approval: Approval, now: DateTime) -> Self {
        let lease = approval.current_lease(now).cloned();
        let answer = approval.answer;
        Self {
            id: approval.id,
            record_id: approval.record.record_id,
            sequence: approval.sequence,
            status: approval.status,
            label: approval.proposal.label.clone(),
            stage: approval.proposal.stage,
            confidence: approval.proposal.confidence,
            proposal: approval.proposal,
            candidates: approval.candidates,
            record: approval.record.into(),
            claimed_by: lease.as_ref().map(|lease| lease.holder),
            claimed_by_name: lease.as_ref().map(|lease| lease.name.clone()),
            claim_expires_at: lease.map(|lease| lease.expires_at),
            decided_by: answer.as_ref().map(|answer| answer.by.clone()),
            decided_at: answer.as_ref().map(|answer| answer.at),
            outcome_label: answer.as_ref().map(|answer| answer.label.clone()),
            rule_id: answer.as_ref().and_then(|answer| answer.rule_id),
            decision_id: answer.as_ref().map(|answer| answer.decision_id),
            comment: answer.and_then(|answer| answer.comment),
            requested_at: approval.requested_at,
            version: approval.version,
        }
    }

    /// The version, for the `ETag`.
    pub(crate) const fn version(&self) -> i32 {
        self.version
    }
}

impl From<RecordSnapshot> for RecordResponse {
    fn from(record: RecordSnapshot) -> Self {
        Self {
            id: record.record_id,
            external_id: record.external_id,
            source: record.source,
            integration_id: record.integration_id,
            received_at: record.received_at,
            normalized: record.normalized,
        }
    }
}
