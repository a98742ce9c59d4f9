//! `POST /processing/run`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DateTime, RunId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::RunResponse;
use crate::app::App;
use crate::domain::run::RunScope;
use crate::usecases;
use crate::usecases::start_run::{RulesWish, Wish};

/// `scope` with what decides, or else `dryRunId`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StartRun {
    /// Which records; `{}` for all.
    scope: Option<RunScope>,
    /// Whether only to show what would come out.
    dry_run: Option<bool>,
    /// The stages that decide; as the settings say if not given.
    stages: Option<StagesWish>,
    /// The rules that were in force at this time; those of the present if not given.
    as_of: Option<DateTime>,
    /// The rules of this version of the rule set.
    #[schema(minimum = 0)]
    rule_set_version: Option<i64>,
    /// A dry run that came to its end: only what it would change is changed, by the same rules. A record that is no longer
    /// as the dry run found it is left alone.
    dry_run_id: Option<RunId>,
}

/// Names of stages, or which of them are on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum StagesWish {
    /// By their names.
    Names(Vec<StageName>),
    /// As in the settings.
    Switches(StageSwitches),
}

/// A stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StageName {
    Rule,
    Embedding,
    Llm,
}

/// Which stages are on.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StageSwitches {
    rule: bool,
    embedding: bool,
    llm: bool,
}

impl StagesWish {
    fn switches(&self) -> StageSwitches {
        match self {
            Self::Switches(switches) => *switches,
            Self::Names(names) => StageSwitches {
                rule: names.contains(&StageName::Rule),
                embedding: names.contains(&StageName::Embedding),
                llm: names.contains(&StageName::Llm),
            },
        }
    }
}

impl Check for StartRun {
    fn check(&self) -> Vec<Violation> {
        let mut found = self.scope.as_ref().map(RunScope::violations).unwrap_or_default();
        if self.scope.is_some() == self.dry_run_id.is_some() {
            found.push(Violation::new("scope", "exactly_one", "must be given, or else dryRunId, and not both"));
        }
        let decided_by_dry_run = [
            ("dryRun", self.dry_run.is_some()),
            ("stages", self.stages.is_some()),
            ("asOf", self.as_of.is_some()),
            ("ruleSetVersion", self.rule_set_version.is_some()),
        ];
        for (path, is_given) in decided_by_dry_run {
            if is_given && self.dry_run_id.is_some() {
                found.push(Violation::new(path, "of_dry_run", "must be left out: the dry run says it"));
            }
        }
        if self.as_of.is_some() && self.rule_set_version.is_some() {
            found.push(Violation::new("asOf", "exactly_one", "must be left out where ruleSetVersion is given"));
        }
        if self.rule_set_version.is_some_and(|version| version < 0) {
            found.push(Violation::new("ruleSetVersion", "range", "must not be negative"));
        }
        let wanted = self.stages.as_ref().map(StagesWish::switches).unwrap_or_default();
        if wanted.embedding || wanted.llm {
            let message = "a run decides by rules: embedding and llm cannot be asked for";
            found.push(Violation::new("stages", "not_available", message));
        }
        found
    }
}

impl From<StartRun> for Wish {
    fn from(body: StartRun) -> Self {
        if let Some(dry_run) = body.dry_run_id {
            return Self::AsDryRun(dry_run);
        }
        let rules = match (body.as_of, body.rule_set_version) {
            (Some(at), _) => RulesWish::AsOf(at),
            (None, Some(version)) => RulesWish::Version(version),
            (None, None) => RulesWish::Present,
        };
        Self::Scope {
            scope: body.scope.unwrap_or_default(),
            dry_run: body.dry_run.unwrap_or_default(),
            rule_stage: body.stages.map(|stages| stages.switches().rule),
            rules,
        }
    }
}

/// Decides many records again, by the rules of the present or of a former time. What people decided stays. With `dryRun`
/// nothing changes, and the outcomes show before and after; a real run with its `dryRunId` changes only that.
#[utoipa::path(
    post, path = "/api/v1/processing/run", tag = "processing", operation_id = "start_run",
    request_body = StartRun,
    responses(
        (status = 202, description = "The run, with the number of its records.", body = RunResponse),
        (status = 404, description = "`not_found`: there is no run of that `dryRunId`.", body = ErrorBody),
        (status = 409, description = "`conflict`: the run of that `dryRunId` is no dry run, or is not completed.",
         body = ErrorBody),
        (status = 422, description = "`validation_failed`; rule `too_many` when more than 100,000 records match, \
         `unknown` for a rule set that there never was; or `unknown_label`.", body = ErrorBody),
    )
)]
pub(crate) async fn start_run(app: Data<App>, caller: Caller, body: Body<StartRun>) -> Result<Reply, ApiError> {
    if body.content.as_of.is_some_and(|at| at > caller.cause.at) {
        let violation = Violation::new("asOf", "in_the_past", "must not be in the future");
        return Err(ApiError::validation(&[violation]));
    }
    let wish = Wish::from(body.content);
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let run = usecases::start_run::start_run(connection, &app, &caller.cause, wish).await?;
                Ok(Reply::accepted(&RunResponse::from(run)))
            })
            .await
        })
        .await?;
    app.runs_asked.notify_waiters();
    Ok(reply)
}
