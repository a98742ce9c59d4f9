//! `/processing/run` and `/processing/runs`: many records decided again.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod outcomes;
pub(crate) mod show;
pub(crate) mod start;

use actix_web::web::{ServiceConfig, get, post};
use common::{Actor, DateTime, RunId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::run::{Run, RunScope, RunStatus};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/api/v1/processing/run", "POST").route(post().to(start::start_run)))
        .service(web::resource("/api/v1/processing/runs", "GET").route(get().to(list::list_runs)))
        .service(web::resource("/api/v1/processing/runs/{id}", "GET").route(get().to(show::show_run)))
        .service(web::resource("/api/v1/processing/runs/{id}/cancel", "POST").route(post().to(cancel::cancel_run)))
        .service(
            web::resource("/api/v1/processing/runs/{id}/outcomes", "GET").route(get().to(outcomes::list_run_outcomes)),
        );
}

/// Many records decided again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Run)]
pub(crate) struct RunResponse {
    id: RunId,
    status: RunStatus,
    /// Whether it only shows what would come out.
    dry_run: bool,
    scope: RunScope,
    stages: RunStages,
    /// The rule set that decides, fixed when the run began.
    rule_set_version: i64,
    /// The time whose rules those are; null where none was given.
    as_of: Option<DateTime>,
    /// The dry run that says what may change.
    dry_run_id: Option<RunId>,
    /// How many records it is about.
    total: i32,
    /// How many had their turn.
    done: i32,
    /// How many were decided otherwise, or would be.
    changed: i32,
    /// How many came out the same.
    unchanged: i32,
    /// How many could not be decided so.
    failed: i32,
    /// How many a person decided: these are never changed.
    pinned: i32,
    /// How many were no longer as the dry run found them.
    conflicts: i32,
    created_by: Actor,
    created_at: DateTime,
    ended_at: Option<DateTime>,
}

/// The stages that decide in a run.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct RunStages {
    rule: bool,
}

impl From<Run> for RunResponse {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            status: run.status,
            dry_run: run.dry_run,
            scope: run.scope,
            stages: RunStages { rule: run.rule_stage },
            rule_set_version: run.rule_set_version,
            as_of: run.as_of,
            dry_run_id: run.dry_run_id,
            total: run.total,
            done: run.tally.done(),
            changed: run.tally.changed,
            unchanged: run.tally.unchanged,
            failed: run.tally.failed,
            pinned: run.tally.pinned,
            conflicts: run.tally.conflicts,
            created_by: run.created_by,
            created_at: run.created_at,
            ended_at: run.ended_at,
        }
    }
}
