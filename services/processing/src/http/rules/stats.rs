//! `GET /rules/{id}/stats`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::rule::RuleStatus;
use common::{DateTime, RuleId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply};

use crate::app::App;
use crate::domain::rule_stats::{RuleDay, RuleTally, share};
use crate::store::{rule_stats, rule_versions, rules};

const DEFAULT_DAYS: u32 = 30;
const MAX_DAYS: u32 = 366;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowStats {
    /// How many days back, 1 to 366; 30 if not given.
    days: Option<u32>,
}

/// How a rule has done. Of a rule in shadow, `matches`, `precision`, `lastMatchedAt` and `perDay` are those of the
/// trial, and `decided` and `overridden` are 0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleStats)]
pub(crate) struct StatsResponse {
    rule_id: RuleId,
    status: RuleStatus,
    /// Since when it is counted.
    since: DateTime,
    /// Records that it matched as the first.
    matches: i64,
    /// Those of them that it decided without a person.
    decided: i64,
    /// Those where a person then chose another label.
    overridden: i64,
    /// Share of its matches that people agree with, of those that people decided; null without any.
    precision: Option<f64>,
    last_matched_at: Option<DateTime>,
    /// The days (UTC) that had a match, oldest first.
    per_day: Vec<DayResponse>,
    /// What it did, or does, in shadow: compared with what happened instead.
    shadow: TrialResponse,
}

/// A day of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleDay)]
pub(crate) struct DayResponse {
    /// `2026-01-31`
    day: String,
    matches: i64,
    /// Matches where a person chose another label.
    overridden: i64,
}

/// A rule's trial, since it last changed its condition or label.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleTrial)]
pub(crate) struct TrialResponse {
    /// The version of the rule from which on it is counted.
    since_version: i32,
    /// Records that it matched.
    matches: i64,
    /// Those of them where no active rule came before it.
    would_decide: i64,
    /// Those whose decision of today has the rule's label.
    agreed: i64,
    /// Those whose decision of today has another label.
    differed: i64,
    /// Those that are still without a label.
    undecided: i64,
    /// Share of agreement with the decisions of today; null without any.
    agreement: Option<f64>,
    agreed_with_people: i64,
    differed_from_people: i64,
    /// Share of agreement with people; null without any.
    precision: Option<f64>,
    last_matched_at: Option<DateTime>,
}

impl From<RuleDay> for DayResponse {
    fn from(day: RuleDay) -> Self {
        Self { day: day.day, matches: day.matches, overridden: day.overridden }
    }
}

impl TrialResponse {
    fn new(trial: &RuleTally, since_version: i32) -> Self {
        Self {
            since_version,
            matches: trial.matches,
            would_decide: trial.decided,
            agreed: trial.agreed,
            differed: trial.differed,
            undecided: trial.matches - trial.agreed - trial.differed,
            agreement: share(trial.agreed, trial.differed),
            agreed_with_people: trial.agreed_with_people,
            differed_from_people: trial.differed_from_people,
            precision: trial.precision(),
            last_matched_at: trial.last_matched_at,
        }
    }
}

/// Shows what a rule matched and what people made of it; of a rule in shadow, what it would have done.
#[utoipa::path(
    get, path = "/api/v1/rules/{id}/stats", tag = "rules", operation_id = "show_rule_stats",
    params(("id" = RuleId, Path, description = "The rule."), ShowStats),
    responses(
        (status = 200, description = "The statistics.", body = StatsResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_rule_stats(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    Query(query): Query<ShowStats>,
) -> Result<Reply, ApiError> {
    let days = query.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        let message = format!("days must be from 1 to {MAX_DAYS}.");
        return Err(ApiError::invalid_request(message).with("field", "days").with("limit", MAX_DAYS));
    }
    let since = app.clock.now() - chrono::Duration::days(i64::from(days));
    let tenant = caller.tenant();
    app.db
        .tenant(tenant, async |connection| {
            let rule = rules::find(connection, tenant, id).await?.ok_or_else(|| ApiError::not_found("rule"))?;
            let version = rule_versions::said_the_same_since(connection, &rule).await?;
            let decided = rule_stats::of_decisions(connection, tenant, id, since).await?;
            let trial = rule_stats::of_trials(connection, tenant, id, since, version).await?;
            let shown = if rule.status == RuleStatus::Shadow { &trial } else { &decided };
            Ok(Reply::ok(&StatsResponse {
                rule_id: id,
                status: rule.status,
                since,
                matches: shown.matches,
                decided: decided.decided,
                overridden: decided.differed_from_people,
                precision: shown.precision(),
                last_matched_at: shown.last_matched_at,
                per_day: shown.per_day.iter().cloned().map(DayResponse::from).collect(),
                shadow: TrialResponse::new(&trial, version),
            }))
        })
        .await
}
