//! Ends graces that are over, and tells tenants anew what they may do when the plans changed.

use std::time::Duration;

use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, TenantId};
use db::{Connection, DbError};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::{AGENT, App};
use crate::store::subscriptions;
use crate::usecases::restate::{Origin, restate};
use crate::usecases::tell_entitlements;

const EVERY: Duration = Duration::from_secs(5);
/// Tenants in one step.
const STEP: i64 = 500;

/// Runs until told to stop.
pub(crate) async fn watch_standings(app: App, shutdown: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for outcome in [end_graces(&app).await, tell_untold(&app, &shutdown).await] {
            if let Err(error) = outcome {
                tracing::warn!(%error, "standings are looked at again in a moment");
            }
        }
    }
}

async fn end_graces(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    let over = async |connection: &mut Connection| subscriptions::grace_over(connection, now, STEP).await;
    for tenant in app.db.system(over).await? {
        let actor = Actor::service(AGENT);
        let cause = Cause { tenant_id: tenant, actor, trace: TraceContext::random(), at: now };
        let origin = Origin { event_type: Some("grace_ended".to_owned()), ..Origin::default() };
        app.db
            .tenant(tenant, async |connection| restate(connection, app, &cause, now, origin).await.map(|_| ()))
            .await?;
    }
    Ok(())
}

async fn tell_untold(app: &App, shutdown: &CancellationToken) -> Result<(), DbError> {
    loop {
        let find =
            async |connection: &mut Connection| subscriptions::untold(connection, app.plans.digest(), STEP).await;
        let untold: Vec<TenantId> = app.db.system(find).await?;
        if untold.is_empty() || shutdown.is_cancelled() {
            return Ok(());
        }
        let tell = async |connection: &mut Connection| tell_entitlements(connection, app, &untold).await;
        app.db.tenants(&untold, tell).await?;
    }
}
