//! Which records: what lists and bulk acts are narrowed by.

use common::record::{RecordStatus, Stage};
use common::{DateTime, IntegrationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::submission::is_storable;
use crate::store::records::RecordFilter;

/// Longest search text, in characters.
const MAX_SEARCH: usize = 200;

/// The filters of `GET /records`, with the same meanings; one that is left out narrows nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct FilterInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<RecordStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_id: Option<IntegrationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) q: Option<String>,
}

impl FilterInput {
    /// What is wrong with it: a field, the rule that it breaks, and what it must be.
    pub(super) fn faults(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let mut found = Vec::new();
        for (field, value) in [("minConfidence", self.min_confidence), ("maxConfidence", self.max_confidence)] {
            if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
                found.push((field, "range", "must be a number from 0 to 1"));
            }
        }
        for (field, value) in [("from", self.from), ("to", self.to)] {
            if value.is_some_and(|time| !is_storable(time)) {
                found.push((field, "range", "must be a time from year 1 to 9999"));
            }
        }
        if self.q.as_ref().is_some_and(|q| q.chars().count() > MAX_SEARCH) {
            found.push(("q", "max_length", "must be at most 200 characters"));
        }
        found
    }
}

impl From<FilterInput> for RecordFilter {
    fn from(input: FilterInput) -> Self {
        Self {
            status: input.status,
            label: input.label,
            stage: input.stage,
            source: input.source,
            integration_id: input.integration_id,
            external_id: input.external_id,
            from: input.from,
            to: input.to,
            min_confidence: input.min_confidence,
            max_confidence: input.max_confidence,
            q: input.q.filter(|q| !q.trim().is_empty()),
        }
    }
}
