//! Calibration as it is answered.

use std::collections::BTreeMap;

use common::{DateTime, LabelId};
use learning::confidence::calibrator::Method;
use learning::confidence::reliability::Bin;
use learning::{Evidence, Standing, Threshold};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::scored::ClosedDecision;
use crate::domain::tenant_model::TenantModel;
use crate::usecases::show_calibration::Calibration;

/// How far the tenant's scores can be believed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Calibration)]
pub(crate) struct CalibrationResponse {
    /// Whether the embedding stage is on.
    enabled: bool,
    /// Whether this installation has an embedding model.
    available: bool,
    /// The model that makes the vectors; null while nothing was fitted.
    embedding_model: Option<String>,
    /// The version of the tenant's model and thresholds in force.
    version: Option<i64>,
    head_version: Option<String>,
    fitted_at: Option<DateTime>,
    /// What the tenant's memory has learnt.
    memory_version: i64,
    /// Records that people decided, and that are learnt from.
    exemplars: i64,
    /// Decisions that had been scored when a person looked at them.
    closed_decisions: usize,
    /// Those among them that were accepted and drawn for an audit.
    audits: usize,
    /// The chance with which an accepted label is looked at by a person all the same.
    audit_rate: Option<f64>,
    /// The share of accepted labels that may be wrong.
    target_error_rate: f64,
    /// How sure one must be of that.
    confidence: f64,
    /// `trusted`, `strained` (more errors than allowed, not yet proven) or `suspended` (proven; nothing is accepted).
    #[schema(value_type = Option<String>, example = "trusted")]
    standing: Option<Standing>,
    /// Of the labels without one of their own.
    threshold: Option<ThresholdResponse>,
    /// How known a record must be to be accepted; null while too few were decided rightly.
    least_familiarity: Option<f64>,
    /// How scores become probabilities: `identity`, `temperature`, `beta` or `isotonic`.
    #[schema(value_type = Option<String>, example = "temperature")]
    calibrator: Option<Method>,
    /// What was said with which confidence, and how often it was right.
    reliability: Option<ReliabilityResponse>,
    labels: Vec<LabelCalibrationResponse>,
    /// What would bring more automation, in words.
    next_step: String,
}

/// A threshold and what it rests on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProvenThreshold)]
pub(crate) struct ThresholdResponse {
    /// The lowest score, in log-odds, that is accepted; null accepts nothing.
    score: Option<f64>,
    /// The same as a calibrated probability.
    probability: Option<f64>,
    /// Decisions at or above it, or all where there is none, as equally weighted ones.
    decisions: f64,
    /// The share of errors among these.
    error_rate: f64,
    /// Which it is at most, as sure as is wanted.
    upper_bound: f64,
    /// The share of all closed decisions that are at or above.
    coverage: f64,
    /// The fewest decisions, without an error, that could prove a threshold.
    needed: f64,
}

/// Reliability.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reliability)]
pub(crate) struct ReliabilityResponse {
    /// Rows of equally many decisions, the least confident first.
    bins: Vec<BinResponse>,
    /// The mean distance of what was right from what was said.
    expected_error: f64,
    /// The mean squared distance of each confidence from its outcome.
    brier: f64,
}

/// Decisions of similar confidence.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReliabilityBin)]
pub(crate) struct BinResponse {
    from: f64,
    to: f64,
    decisions: usize,
    /// Their mean confidence.
    confidence: f64,
    /// The share that was right.
    accuracy: f64,
}

/// One label.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LabelCalibration)]
pub(crate) struct LabelCalibrationResponse {
    label: String,
    /// Records that people gave it.
    exemplars: i64,
    /// How often it was proposed to people, or audited.
    proposed: usize,
    /// The share of these that was right; null without any.
    precision: Option<f64>,
    #[schema(value_type = String, example = "trusted")]
    standing: Standing,
    /// The lowest score that is accepted for it; null accepts nothing.
    score: Option<f64>,
}

impl From<Calibration> for CalibrationResponse {
    fn from(shown: Calibration) -> Self {
        let next_step = next_step(&shown);
        let Calibration { settings, absent, names, memory_version, exemplars, model, closed } = shown;
        let policy = model.as_ref().map(|model| &model.policy);
        let labels =
            labels(&names.into_iter().collect(), &exemplars.clone().into_iter().collect(), model.as_ref(), &closed);
        Self {
            enabled: settings.stages.embedding,
            available: absent.is_none(),
            embedding_model: model.as_ref().map(|model| model.embedding_model.clone()),
            version: model.as_ref().map(|model| model.version),
            head_version: model.as_ref().map(|model| model.head.version().to_owned()),
            fitted_at: model.as_ref().map(|model| model.fitted_at),
            memory_version,
            exemplars: exemplars.values().sum(),
            closed_decisions: closed.len(),
            audits: closed.iter().filter(|one| one.scored.is_audited).count(),
            audit_rate: policy.map(|policy| policy.audit_rate),
            target_error_rate: settings.target_error_rate,
            confidence: crate::domain::policy::CONFIDENCE,
            standing: policy.map(|policy| policy.standing),
            threshold: policy.map(|policy| {
                let Threshold { score, evidence } = policy.in_force.threshold;
                let probability = score.map(|score| policy.in_force.calibrator.probability(score));
                ThresholdResponse::new(score, probability, evidence)
            }),
            least_familiarity: policy.and_then(|policy| policy.in_force.novelty.least),
            calibrator: policy.map(|policy| policy.in_force.calibrator.method()),
            reliability: policy.map(|policy| ReliabilityResponse {
                bins: policy.reliability.bins.iter().map(BinResponse::from).collect(),
                expected_error: policy.reliability.expected_error,
                brier: policy.reliability.brier,
            }),
            labels,
            next_step,
        }
    }
}

impl ThresholdResponse {
    const fn new(score: Option<f64>, probability: Option<f64>, evidence: Evidence) -> Self {
        Self {
            score,
            probability,
            decisions: evidence.decisions,
            error_rate: evidence.error_rate,
            upper_bound: evidence.upper_bound,
            coverage: evidence.coverage,
            needed: evidence.needed,
        }
    }
}

impl From<&Bin> for BinResponse {
    fn from(bin: &Bin) -> Self {
        Self {
            from: bin.from,
            to: bin.to,
            decisions: bin.decisions,
            confidence: bin.confidence,
            accuracy: bin.accuracy,
        }
    }
}

fn next_step(shown: &Calibration) -> String {
    if let Some(absent) = &shown.absent {
        return format!("There is no embedding model here: {absent}. The operator of the installation can add one.");
    }
    if !shown.settings.stages.embedding {
        return "Switch the embedding stage on with PATCH /processing/settings; nothing is accepted before it is proven."
            .into();
    }
    if shown.names.is_empty() {
        return "Make labels, each with a sentence that describes it.".into();
    }
    match &shown.model {
        Some(model) => model.policy.next_step(),
        None => "The first model is being fitted; look again in a moment.".into(),
    }
}

fn labels(
    names: &BTreeMap<LabelId, String>,
    exemplars: &BTreeMap<LabelId, i64>,
    model: Option<&TenantModel>,
    closed: &[ClosedDecision],
) -> Vec<LabelCalibrationResponse> {
    let mut tallies: BTreeMap<LabelId, (usize, usize)> = BTreeMap::new();
    for one in closed {
        let tally = tallies.entry(one.scored.label).or_default();
        tally.0 += 1;
        tally.1 += usize::from(one.is_right());
    }
    let of = |(id, name): (&LabelId, &String)| {
        let (proposed, right) = tallies.get(id).copied().unwrap_or_default();
        let number = model.and_then(|model| model.number_of(*id));
        let standing =
            model.zip(number).and_then(|(model, number)| model.policy.in_force.standing.get(&number).copied());
        let standing = standing.unwrap_or(Standing::Trusted);
        let score = model.zip(number).and_then(|(model, number)| model.policy.in_force.threshold_of(number).score);
        LabelCalibrationResponse {
            label: name.clone(),
            exemplars: exemplars.get(id).copied().unwrap_or_default(),
            proposed,
            precision: (proposed > 0).then(|| right as f64 / proposed as f64),
            standing,
            score: score.filter(|_| standing != Standing::Suspended),
        }
    };
    names.iter().map(of).collect()
}
