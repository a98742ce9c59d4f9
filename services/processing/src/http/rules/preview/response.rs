//! A preview as it is answered.

use common::record::{RecordStatus, Stage};
use common::{DateTime, RecordId, RuleId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::preview::{Contradiction, Effect, Overlap, Preview, Sample, StandingLabel};

/// What a rule would do, told from past records as they stand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePreview)]
pub(crate) struct PreviewResponse {
    /// Records that it was tried on.
    evaluated: u64,
    /// Records that it matches.
    matched: u64,
    /// Matches whose label would be another.
    would_change: u64,
    /// Matches that would stay as they are: they have the label, an earlier rule decides, or a person did.
    unchanged: u64,
    /// Matches that an earlier rule decides.
    shadowed: u64,
    /// Matches where a person chose the same label.
    agrees_with_human: u64,
    /// Matches where a person chose another label. These stand, and speak against the rule.
    contradicts_human: u64,
    /// The newest of those, at most 100.
    contradictions: Vec<ContradictionResponse>,
    /// Share of agreement with people, of the matches that people decided; null without any.
    precision: Option<f64>,
    /// Some of the matches, before and after; at most 20.
    samples: Vec<SampleResponse>,
    /// Active rules that match some of the same records, those with the most first.
    overlaps: Vec<OverlapResponse>,
}

/// A record where a person chose another label.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePreviewContradiction)]
pub(crate) struct ContradictionResponse {
    record_id: RecordId,
    /// The label that the person chose.
    label: String,
}

/// A record that the rule matches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePreviewSample)]
pub(crate) struct SampleResponse {
    record_id: RecordId,
    received_at: DateTime,
    title: Option<String>,
    /// The beginning of the text.
    text: String,
    before: StandingResponse,
    after: StandingResponse,
    effect: EffectResponse,
}

/// What stands for a record, or would.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePreviewStanding)]
pub(crate) struct StandingResponse {
    label: Option<String>,
    stage: Stage,
    status: RecordStatus,
}

/// What the rule would do to a record that it matches.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RulePreviewEffect)]
pub(crate) enum EffectResponse {
    /// It would have another label.
    Changed,
    /// It has that label already.
    Unchanged,
    /// An earlier rule decides it.
    Shadowed,
    /// A person decided it, and that stands.
    Pinned,
}

/// A rule that matches some of the same records.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RulePreviewOverlap)]
pub(crate) struct OverlapResponse {
    rule_id: RuleId,
    name: String,
    label: String,
    priority: i32,
    same_label: bool,
    /// Whether it is tried before this one.
    comes_first: bool,
    /// Records that both match.
    records: u64,
    /// Records that it keeps from this one, as it comes first.
    keeps: u64,
    /// Records that this one would take from it.
    loses: u64,
}

impl From<&Preview> for PreviewResponse {
    fn from(preview: &Preview) -> Self {
        Self {
            evaluated: preview.evaluated,
            matched: preview.matched,
            would_change: preview.would_change,
            unchanged: preview.unchanged(),
            shadowed: preview.shadowed,
            agrees_with_human: preview.agrees_with_people,
            contradicts_human: preview.contradicts_people,
            contradictions: preview.contradictions.iter().map(ContradictionResponse::from).collect(),
            precision: preview.precision(),
            samples: preview.samples.iter().map(SampleResponse::from).collect(),
            overlaps: preview.overlaps().into_iter().map(OverlapResponse::from).collect(),
        }
    }
}

impl From<&Contradiction> for ContradictionResponse {
    fn from(contradiction: &Contradiction) -> Self {
        Self { record_id: contradiction.record_id, label: contradiction.label.clone() }
    }
}

impl From<&Sample> for SampleResponse {
    fn from(sample: &Sample) -> Self {
        Self {
            record_id: sample.record_id,
            received_at: sample.received_at,
            title: sample.title.clone(),
            text: sample.text.clone(),
            before: StandingResponse::from(&sample.before),
            after: StandingResponse::from(&sample.after),
            effect: match sample.effect {
                Effect::Changed => EffectResponse::Changed,
                Effect::Unchanged => EffectResponse::Unchanged,
                Effect::Shadowed => EffectResponse::Shadowed,
                Effect::Pinned => EffectResponse::Pinned,
            },
        }
    }
}

impl From<&StandingLabel> for StandingResponse {
    fn from(standing: &StandingLabel) -> Self {
        Self { label: standing.label.clone(), stage: standing.stage, status: standing.status }
    }
}

impl From<&Overlap> for OverlapResponse {
    fn from(overlap: &Overlap) -> Self {
        Self {
            rule_id: overlap.rule_id,
            name: overlap.name.clone(),
            label: overlap.label.clone(),
            priority: overlap.priority,
            same_label: overlap.same_label,
            comes_first: overlap.comes_first,
            records: overlap.records,
            keeps: overlap.keeps,
            loses: overlap.loses,
        }
    }
}
