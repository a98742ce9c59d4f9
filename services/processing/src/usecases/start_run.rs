//! Begins to decide many records again: which ones, and by what, is fixed now; the work is a worker's.

use common::event::{Cause, Event, RunStarted};
use common::{DateTime, RunId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::run::{MAX_TOTAL, Run, RunScope, RunStatus, Tally};
use crate::store::{labels, rule_sets, runs, settings};

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// Records by their scope.
    Scope {
        scope: RunScope,
        dry_run: bool,
        /// Whether rules are tried; as the settings say if not given.
        rule_stage: Option<bool>,
        rules: RulesWish,
    },
    /// What a dry run would change, as it would change it.
    AsDryRun(RunId),
}

/// Which rules decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RulesWish {
    Present,
    /// Those that were in force then.
    AsOf(DateTime),
    Version(i64),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StartRunError {
    #[error("there is no such run")]
    NoDryRun,
    #[error("the run that is referred to is not a dry run that came to its end")]
    NotACompletedDryRun,
    #[error("more than {MAX_TOTAL} records match")]
    TooMany,
    #[error("there is no label of the name {0:?}")]
    UnknownLabel(String),
    #[error("there was never a rule set of version {0}")]
    UnknownRuleSet(i64),
    #[error("the run cannot be stored")]
    Db(#[from] DbError),
}

/// Fixes the records, keeps the run and tells of it; a worker that is woken then begins.
pub(crate) async fn start_run(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    wish: Wish,
) -> Result<Run, StartRunError> {
    let mut run = planned(connection, cause, wish).await?;
    runs::insert(connection, &run).await?;
    let total = match run.dry_run_id {
        Some(dry_run) => runs::add_items_of(connection, run.tenant_id, run.id, dry_run).await?,
        None => runs::add_items(connection, run.tenant_id, run.id, &run.scope).await?,
    };
    if total > MAX_TOTAL {
        return Err(StartRunError::TooMany);
    }
    run.total = i32::try_from(total).unwrap_or(i32::MAX);
    runs::set_total(connection, run.tenant_id, run.id, run.total).await?;
    let started = RunStarted {
        run_id: run.id,
        dry_run: run.dry_run,
        rule_set_version: run.rule_set_version,
        total: run.total,
        dry_run_id: run.dry_run_id,
    };
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &started)]).await?;
    Ok(run)
}

/// The run, before its records are known.
async fn planned(connection: &mut Connection, cause: &Cause, wish: Wish) -> Result<Run, StartRunError> {
    let (scope, dry_run, rule_stage, rules) = match wish {
        Wish::Scope { scope, dry_run, rule_stage, rules } => (scope, dry_run, rule_stage, rules),
        Wish::AsDryRun(id) => return bound_to(connection, cause, id).await,
    };
    if let Some(label) = &scope.label
        && labels::find_by_name(connection, cause.tenant_id, label).await?.is_none()
    {
        return Err(StartRunError::UnknownLabel(label.clone()));
    }
    let settings = settings::find(connection, cause.tenant_id).await?;
    Ok(Run {
        dry_run,
        scope,
        rule_stage: rule_stage.unwrap_or(settings.stages.rule),
        rule_set_version: version_of(connection, cause, rules).await?,
        auto_accept_threshold: settings.auto_accept_threshold,
        as_of: match rules {
            RulesWish::AsOf(at) => Some(at),
            RulesWish::Present | RulesWish::Version(_) => None,
        },
        ..blank(cause)
    })
}

/// A real run that changes only what the dry run said: by the same rules, whatever they are by now.
async fn bound_to(connection: &mut Connection, cause: &Cause, id: RunId) -> Result<Run, StartRunError> {
    let dry_run = runs::find(connection, cause.tenant_id, id).await?.ok_or(StartRunError::NoDryRun)?;
    if !dry_run.dry_run || dry_run.status != RunStatus::Completed {
        return Err(StartRunError::NotACompletedDryRun);
    }
    Ok(Run {
        scope: dry_run.scope,
        rule_stage: dry_run.rule_stage,
        rule_set_version: dry_run.rule_set_version,
        auto_accept_threshold: dry_run.auto_accept_threshold,
        as_of: dry_run.as_of,
        dry_run_id: Some(id),
        ..blank(cause)
    })
}

async fn version_of(connection: &mut Connection, cause: &Cause, rules: RulesWish) -> Result<i64, StartRunError> {
    let at = match rules {
        RulesWish::Version(0) => return Ok(0),
        RulesWish::Version(version) => {
            let there = rule_sets::lists(connection, cause.tenant_id, vec![version]).await?;
            let is_there = there.contains_key(&version);
            return if is_there { Ok(version) } else { Err(StartRunError::UnknownRuleSet(version)) };
        }
        RulesWish::Present => None,
        RulesWish::AsOf(at) => Some(at),
    };
    Ok(rule_sets::version_at(connection, cause.tenant_id, at).await?)
}

/// A run that begins, without what it is about.
fn blank(cause: &Cause) -> Run {
    Run {
        id: RunId::generate(),
        tenant_id: cause.tenant_id,
        status: RunStatus::Running,
        dry_run: false,
        scope: RunScope::default(),
        rule_stage: true,
        rule_set_version: 0,
        auto_accept_threshold: 1.0,
        as_of: None,
        dry_run_id: None,
        total: 0,
        tally: Tally::default(),
        created_by: cause.actor.clone(),
        traceparent: cause.trace.to_string(),
        created_at: cause.at,
        ended_at: None,
    }
}
