//! A record as callers see it.

use common::amount::Amount;
use common::{DateTime, DecisionId, IntegrationId, RecordId};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::file::File;
use crate::http::files::FileResponse;
use crate::store::records::RecordRow;

/// A record in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordResponse {
    id: RecordId,
    /// The id that its source gave it.
    external_id: Option<String>,
    /// The provider of its integration, or what its API caller said.
    source: String,
    integration_id: Option<IntegrationId>,
    /// `ingested`, `processing`, `classified`, `pending_review`, `approved`, `overridden`, `failed`, `archived` or
    /// `held`.
    status: String,
    normalized: NormalizedResponse,
    /// The label that stands, or is proposed.
    label: Option<String>,
    /// `rule`, `embedding`, `llm`, `human` or `none`.
    stage: String,
    /// Probability that the label is right, 0 to 1.
    confidence: Option<f64>,
    received_at: DateTime,
    updated_at: DateTime,
    version: i32,
}

/// What stages and people see.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NormalizedResponse {
    title: Option<String>,
    text: String,
    amount: Option<Amount>,
    currency: Option<String>,
    counterparty: Option<String>,
    occurred_at: Option<DateTime>,
    /// Names and their texts, numbers or booleans.
    attributes: Value,
}

/// A record with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeRecordResponse {
    #[serde(flatten)]
    record: RecordResponse,
    /// As its source sent it; null when only the normalised form was sent.
    #[schema(value_type = Option<Value>)]
    raw: Option<Box<RawValue>>,
    /// What the state rests on.
    reasoning: Option<Value>,
    /// The latest decision known here; `GET /processing/outcomes/{recordId}` has all of them.
    decisions: Vec<DecisionResponse>,
    /// Its files.
    attachments: Vec<FileResponse>,
}

/// A decision in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecisionResponse {
    id: DecisionId,
    label: Option<String>,
    stage: String,
    confidence: Option<f64>,
    /// Its place among the record's machine decisions; the last one's when a person decided.
    sequence: Option<i32>,
    /// Whether a person made it.
    by_human: bool,
    decided_at: Option<DateTime>,
}

impl From<RecordRow> for RecordResponse {
    fn from(row: RecordRow) -> Self {
        Self {
            id: RecordId(row.id),
            external_id: row.external_id,
            source: row.source,
            integration_id: row.integration_id.map(IntegrationId),
            status: row.status,
            normalized: NormalizedResponse {
                title: row.title,
                text: row.text,
                amount: row.amount.map(Amount::from_stored),
                currency: row.currency,
                counterparty: row.counterparty,
                occurred_at: row.occurred_at,
                attributes: row.attributes,
            },
            label: row.label,
            stage: row.stage,
            confidence: row.confidence,
            received_at: row.received_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl WholeRecordResponse {
    pub(super) fn new(mut row: RecordRow, raw: Option<Vec<u8>>, files: Vec<File>) -> Self {
        let decision = row.decision_id.map(|id| DecisionResponse {
            id: DecisionId(id),
            label: row.label.clone(),
            stage: row.stage.clone(),
            confidence: row.confidence,
            sequence: row.decision_sequence,
            by_human: row.decided_by_human,
            decided_at: row.decided_at,
        });
        Self {
            raw: raw.and_then(shown),
            reasoning: row.reasoning.take(),
            decisions: decision.into_iter().collect(),
            attachments: files.into_iter().map(FileResponse::from).collect(),
            record: row.into(),
        }
    }
}

/// A raw form as JSON. What only lenient readers take, such as the number `1e999` in a webhook's body, is shown as
/// a text.
fn shown(raw: Vec<u8>) -> Option<Box<RawValue>> {
    let text = String::from_utf8(raw).ok()?;
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => RawValue::from_string(text).ok(),
        Err(_) => serde_json::value::to_raw_value(&text).ok(),
    }
}
