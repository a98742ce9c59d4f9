//! Events on a record's way from source to decision.

use serde::{Deserialize, Serialize};

use super::{EventData, EventType, Subject};
use crate::decision::{Candidate, Proposal, Reasoning};
use crate::record::{NormalizedRecord, Stage};
use crate::{DateTime, DecisionId, DeliveryId, IntegrationId, RecordId};

/// A record as the services behind ingestion know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordSnapshot {
    /// The record.
    pub record_id: RecordId,
    /// The id that its source gave it.
    pub external_id: Option<String>,
    /// The source's name: an integration's provider, or what the API caller said.
    pub source: String,
    /// The integration that it came through.
    pub integration_id: Option<IntegrationId>,
    /// When ingestion stored it.
    pub received_at: DateTime,
    /// What stages and people see.
    pub normalized: NormalizedRecord,
}

/// A record was stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ingested {
    /// The record.
    #[serde(flatten)]
    pub record: RecordSnapshot,
    /// The webhook delivery that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<DeliveryId>,
}

/// A machine decided a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Classified {
    /// The record.
    pub record_id: RecordId,
    /// The receipt.
    pub decision_id: DecisionId,
    /// Counts the record's machine decisions from 1; a higher one replaces a lower one.
    pub sequence: i32,
    /// The label's name.
    pub label: String,
    /// The step that decided.
    pub stage: Stage,
    /// Probability that the label is right, 0 to 1.
    pub confidence: f64,
    /// What it rests on.
    pub reasoning: Reasoning,
    /// The source's name, for reports.
    pub source: String,
    /// When ingestion stored the record, for latency.
    pub received_at: DateTime,
    /// The person's decision that is taken back by this one, and by no other event is outranked by a machine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<DecisionId>,
}

/// A person is asked about a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewRequested {
    /// Counts the record's machine decisions from 1; a higher one replaces a lower one.
    pub sequence: i32,
    /// What the machine came to.
    pub proposal: Proposal,
    /// Labels considered, best first.
    pub candidates: Vec<Candidate>,
    /// The record, so that the reviewer's service need not ask for it.
    pub record: RecordSnapshot,
    /// The person's decision that is taken back by this one, as in [`Classified`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<DecisionId>,
}

impl EventData for Ingested {
    const TYPE: EventType = EventType::Ingested;
    fn subject(&self) -> Subject {
        Subject::new("record", self.record.record_id)
    }
}

impl EventData for Classified {
    const TYPE: EventType = EventType::Classified;
    fn subject(&self) -> Subject {
        Subject::new("record", self.record_id)
    }
}

impl EventData for ReviewRequested {
    const TYPE: EventType = EventType::ReviewRequested;
    fn subject(&self) -> Subject {
        Subject::new("record", self.record.record_id)
    }
}
