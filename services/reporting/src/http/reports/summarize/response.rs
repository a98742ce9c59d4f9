//! The shape of a summary.

use std::collections::BTreeMap;

use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Figures, Interval, Latency, Period};
use crate::usecases::Report;

/// A period summed up. A figure that cannot be given is null, and `unavailable` says why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SummaryResponse {
    /// The first hour counted.
    from: DateTime,
    /// The hour behind the last one counted.
    to: DateTime,
    /// The steps of `series`.
    interval: Interval,
    /// The whole period.
    totals: FiguresResponse,
    /// Decisions that needed no person ÷ all decisions.
    automation_rate: Option<f64>,
    /// Proposals that a person replaced ÷ all answers by people.
    override_rate: Option<f64>,
    /// Decisions by label, the most frequent first.
    by_label: Vec<LabelResponse>,
    /// Decisions by the step that made them, the most frequent first.
    by_stage: Vec<StageResponse>,
    /// The hundred biggest sources, then all others together as one without a name.
    by_source: Vec<SourceResponse>,
    /// The period in steps, those without events included.
    series: Vec<StepResponse>,
    /// Time from receipt to the first machine decision.
    latency: LatencyResponse,
    /// What waits now, whatever the period.
    backlog: BacklogResponse,
    /// What the language model cost.
    #[schema(value_type = Option<String>)]
    llm_cost: Option<()>,
    /// Why a figure is null, by the figure's name.
    unavailable: BTreeMap<&'static str, &'static str>,
}

/// How often each thing happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FiguresResponse {
    /// Records stored.
    received: i64,
    /// Decisions by anyone.
    decided: i64,
    /// Records that a machine decided without a person.
    decided_by_machine: i64,
    /// Records put to a person.
    review_requested: i64,
    /// Proposals that a person let stand.
    approved: i64,
    /// Proposals that a person replaced.
    overridden: i64,
    /// Machine decisions after a record's first; in no other figure.
    redecided: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LabelResponse {
    /// The label's name at the time.
    label: String,
    /// Decisions by anyone.
    decided: i64,
    /// Of them by a machine.
    decided_by_machine: i64,
    /// Of them proposals that a person let stand.
    approved: i64,
    /// Of them replacements by a person.
    overridden: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StageResponse {
    /// `rule`, `embedding`, `llm` or `human`.
    stage: String,
    /// Decisions.
    decided: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SourceResponse {
    /// The source's name; null for all that are not listed.
    source: Option<String>,
    #[serde(flatten)]
    figures: FiguresResponse,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StepResponse {
    /// The beginning.
    from: DateTime,
    /// The end, which is not in it.
    to: DateTime,
    #[serde(flatten)]
    figures: FiguresResponse,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LatencyResponse {
    /// Half took no longer, in seconds.
    p50: Option<f64>,
    /// 95 % took no longer, in seconds.
    p95: Option<f64>,
    /// 99 % took no longer, in seconds.
    p99: Option<f64>,
    /// Always `seconds`.
    unit: &'static str,
    /// How many decisions were measured.
    count: i64,
    /// How far a percentile may be from the truth, as a share of it: durations are counted in buckets.
    max_relative_error: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BacklogResponse {
    /// Records that no machine has looked at.
    undecided: i64,
    /// Questions that no person has answered.
    pending_reviews: i64,
}

impl SummaryResponse {
    pub(super) fn new(period: &Period, report: Report) -> Self {
        let summary = report.summary;
        let totals = summary.totals;
        Self {
            from: period.from,
            to: period.to,
            interval: period.interval,
            totals: FiguresResponse::new(&totals),
            automation_rate: totals.automation_rate(),
            override_rate: totals.override_rate(),
            unavailable: unavailable(&totals, &report.latency),
            by_label: summary
                .by_label
                .into_iter()
                .map(|entry| LabelResponse::new(entry.label, &entry.figures))
                .collect(),
            by_stage: summary
                .by_stage
                .into_iter()
                .map(|entry| StageResponse { stage: entry.stage, decided: entry.decided })
                .collect(),
            by_source: summary
                .by_source
                .into_iter()
                .map(|entry| SourceResponse { source: entry.source, figures: FiguresResponse::new(&entry.figures) })
                .collect(),
            series: summary
                .series
                .iter()
                .map(|(from, to, figures)| StepResponse {
                    from: *from,
                    to: *to,
                    figures: FiguresResponse::new(figures),
                })
                .collect(),
            latency: LatencyResponse::new(report.latency),
            backlog: BacklogResponse {
                undecided: report.backlog.undecided,
                pending_reviews: report.backlog.pending_reviews,
            },
            llm_cost: None,
        }
    }
}

fn unavailable(totals: &Figures, latency: &Latency) -> BTreeMap<&'static str, &'static str> {
    let mut reasons = BTreeMap::from([("llmCost", "the model stage is not enabled")]);
    if totals.automation_rate().is_none() {
        reasons.insert("automationRate", "no decisions in the period");
    }
    if totals.override_rate().is_none() {
        reasons.insert("overrideRate", "no human decisions in the period");
    }
    if latency.count == 0 {
        reasons.insert("latency", "no machine decisions in the period");
    }
    reasons
}

impl FiguresResponse {
    const fn new(figures: &Figures) -> Self {
        Self {
            received: figures.received,
            decided: figures.decided(),
            decided_by_machine: figures.decided_by_machine,
            review_requested: figures.review_requested,
            approved: figures.approved,
            overridden: figures.overridden,
            redecided: figures.redecided,
        }
    }
}

impl LabelResponse {
    const fn new(label: String, figures: &Figures) -> Self {
        Self {
            label,
            decided: figures.decided(),
            decided_by_machine: figures.decided_by_machine,
            approved: figures.approved,
            overridden: figures.overridden,
        }
    }
}

impl LatencyResponse {
    const fn new(latency: Latency) -> Self {
        Self {
            p50: latency.p50,
            p95: latency.p95,
            p99: latency.p99,
            unit: "seconds",
            count: latency.count,
            max_relative_error: Latency::MAX_RELATIVE_ERROR,
        }
    }
}
