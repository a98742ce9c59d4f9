//! Taking away raw forms that a tenant keeps for a number of days only: a step of its records at a time, oldest first.
//!
//! What a step did is committed with its progress, so a worker that dies leaves a walk that any other goes on with.
//! What was made of the records, the decisions and the histories stay.

use chrono::TimeDelta;
use common::event::{Cause, Event, RecordRawExpunged};
use common::trace::TraceContext;
use common::{Actor, RecordId, TenantId};
use db::{Connection, DbError};
use uuid::Uuid;

use super::release_held::Progress;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::store;
use crate::store::retentions::Walk;

/// Records, and rejected deliveries, that a step looks at.
const STEP: i64 = 200;
/// How often a walk begins anew: a quarantined delivery may be taken in under its old time of receipt.
const ROUND: TimeDelta = TimeDelta::days(1);

/// Does a step for every tenant that has asked for it.
pub(crate) async fn expire_raw(app: &App) -> Result<Progress, DbError> {
    let tenants = app.db.system(async |connection| store::retentions::tenants(connection).await).await?;
    let mut progress = Progress::Done;
    for tenant in tenants {
        match step(app, tenant).await {
            Ok(Progress::More) => progress = Progress::More,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, %tenant, "raw forms are not taken away now"),
        }
    }
    Ok(progress)
}

async fn step(app: &App, tenant: TenantId) -> Result<Progress, DbError> {
    let cause =
        Cause { tenant_id: tenant, actor: Actor::service(AGENT), trace: TraceContext::random(), at: app.clock.now() };
    app.db
        .tenant(tenant, async |connection| {
            let Some(mut walk) = store::retentions::lease(connection, tenant).await? else { return Ok(Progress::Done) };
            if walk.restart_at.is_none_or(|at| cause.at >= at) {
                walk = Walk { passed: None, restart_at: Some(cause.at + ROUND), ..walk };
            }
            let before = cause.at - TimeDelta::days(i64::from(walk.days));
            let old = store::retentions::old_records(connection, tenant, walk.passed, before, STEP).await?;
            walk.passed = old.last().map(|last| (last.received_at, RecordId(last.id))).or(walk.passed);
            let raw: Vec<Uuid> = old.iter().filter(|record| record.has_raw).map(|record| record.id).collect();
            expunge(connection, app, &cause, (&raw, walk.days)).await?;
            let emptied = store::retentions::empty_rejected(connection, tenant, before, STEP).await?;
            store::retentions::save(connection, tenant, &walk).await?;
            let is_full = |count: usize| i64::try_from(count).is_ok_and(|count| count >= STEP);
            Ok(if is_full(old.len()) || is_full(emptied) { Progress::More } else { Progress::Done })
        })
        .await
}

async fn expunge(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (records, days): (&[Uuid], i32),
) -> Result<(), DbError> {
    if records.is_empty() {
        return Ok(());
    }
    // In the order of their ids, as every writer of many locks them.
    store::acts::lock(connection, cause.tenant_id, records).await?;
    store::acts::expunge_raw(connection, cause, records).await?;
    let told = |id: &Uuid| {
        let data = RecordRawExpunged { record_id: RecordId(*id), retention_days: Some(days) };
        Event::new(cause, AGENT, &data)
    };
    app.outbox.append(connection, &records.iter().map(told).collect::<Vec<_>>()).await
}
