//! `GET /processing/outcomes/{recordId}`

use actix_web::web::Data;
use classifier::{RuleOutcome, RuleResult};
use common::decision::Reasoning;
use common::error_code::ErrorBody;
use common::record::{RecordStatus, Stage};
use common::{Actor, ApprovalId, DateTime, DecisionId, RecordId, RuleId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::domain::decision::Review;
use crate::store::decisions::DecisionKey;
use crate::usecases;
use crate::usecases::list_outcomes::FullReceipt;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOutcomes {
    /// Decisions on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// A decision with everything that it rests on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Outcome)]
pub(crate) struct OutcomeResponse {
    id: DecisionId,
    record_id: RecordId,
    /// Whether it is the one that stands; exactly one of a record's decisions is.
    current: bool,
    /// Counts the record's machine decisions from 1; null for a person's.
    sequence: Option<i32>,
    /// The label's name at the time, decided or proposed; null when no stage came to one.
    label: Option<String>,
    stage: Stage,
    /// Probability that the label is right, 0 to 1; null when unknown, and for a person's.
    confidence: Option<f64>,
    /// Where the decision put the record.
    status: RecordStatus,
    reasoning: Reasoning,
    /// Every rule of the rule set in force, in the order in which they were tried; empty for a person's.
    rules: Vec<RuleOutcomeResponse>,
    /// The person's part; null for a machine's.
    review: Option<ReviewResponse>,
    /// The person; null for a machine.
    decided_by: Option<Actor>,
    decided_at: DateTime,
}

/// What one rule came to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleOutcome)]
pub(crate) struct RuleOutcomeResponse {
    rule_id: RuleId,
    /// Its version at the time.
    version: i32,
    /// Its name at the time.
    name: String,
    /// `matched`, `not_matched`, `error`, or `not_reached` because a rule before it had decided.
    #[schema(value_type = String, example = "not_matched")]
    outcome: RuleResult,
    /// Why its condition had no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What a person was asked and said.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OutcomeReview)]
pub(crate) struct ReviewResponse {
    /// The question; null when the person decided without being asked.
    approval_id: Option<ApprovalId>,
    /// The decision that had proposed.
    proposal_id: DecisionId,
    comment: Option<String>,
}

impl From<FullReceipt> for OutcomeResponse {
    fn from(receipt: FullReceipt) -> Self {
        let FullReceipt { decision, current, rules } = receipt;
        Self {
            id: decision.id,
            record_id: decision.record_id,
            current,
            sequence: decision.sequence,
            label: decision.label,
            stage: decision.stage,
            confidence: decision.confidence,
            status: decision.status,
            reasoning: decision.receipt.reasoning,
            rules: rules.into_iter().map(RuleOutcomeResponse::from).collect(),
            review: decision.receipt.review.map(ReviewResponse::from),
            decided_by: decision.decided_by,
            decided_at: decision.decided_at,
        }
    }
}

impl From<RuleOutcome> for RuleOutcomeResponse {
    fn from(rule: RuleOutcome) -> Self {
        Self { rule_id: rule.rule_id, version: rule.version, name: rule.name, outcome: rule.outcome, error: rule.error }
    }
}

impl From<Review> for ReviewResponse {
    fn from(review: Review) -> Self {
        Self { approval_id: review.approval_id, proposal_id: review.proposal_id, comment: review.comment }
    }
}

/// Lists every decision made for a record, newest first, each as a full receipt.
#[utoipa::path(
    get, path = "/api/v1/processing/outcomes/{recordId}", tag = "processing", operation_id = "list_outcomes",
    params(("recordId" = RecordId, Path, description = "The record."), ListOutcomes),
    responses(
        (status = 200, description = "A page of decisions.", body = [OutcomeResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`: no such record, or processing has not heard of it yet.",
         body = ErrorBody),
    )
)]
pub(crate) async fn list_outcomes(
    app: Data<App>,
    caller: Caller,
    Path(record): Path<RecordId>,
    Query(query): Query<ListOutcomes>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<DecisionKey> = decode_cursor(query.cursor.as_deref())?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            let page =
                usecases::list_outcomes::list_outcomes(connection, caller.tenant(), record, before, limit, |last| {
                    encode_cursor(&(last.decided_at, last.id))
                })
                .await?;
            Ok(Reply::page(page.map(OutcomeResponse::from)))
        })
        .await
}
