//! Reports what was used beyond plans that are metered.

use std::time::Duration;

use chrono::TimeDelta;
use db::{Connection, DbError};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::store::subscriptions;
use crate::usecases::report_usage::report_usage as report;

/// Tenants in one step.
const STEP: i64 = 200;
/// For so long after its end a month is looked at too: records may be counted late.
const LATE: TimeDelta = TimeDelta::days(2);

/// Runs until told to stop; not at all without a provider.
pub(crate) async fn report_usage(app: App, shutdown: CancellationToken) {
    if app.providers.serving().is_none() {
        return;
    }
    let mut ticks = interval(Duration::from_secs(app.payments.usage_report_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = round(&app, &shutdown).await {
            tracing::warn!(%error, "usage is reported in the next round");
        }
    }
}

async fn round(app: &App, shutdown: &CancellationToken) -> Result<(), DbError> {
    for plan in app.plans.all() {
        let Some(metered) = &plan.metered else { continue };
        let mut after: Option<Uuid> = None;
        loop {
            let find =
                async |connection: &mut Connection| subscriptions::on_plan(connection, &plan.id, after, STEP).await;
            let tenants = app.db.system(find).await?;
            let Some(last) = tenants.last() else { break };
            after = Some(last.0);
            for tenant in tenants {
                let now = app.clock.now();
                for at in [now - LATE, now] {
                    if shutdown.is_cancelled() {
                        return Ok(());
                    }
                    match report(app, tenant, plan, metered, at).await {
                        Ok(0) => {}
                        Ok(records) => tracing::info!(%tenant, records, "usage was reported"),
                        Err(error) => tracing::warn!(%tenant, %error, "usage is reported in the next round"),
                    }
                }
            }
        }
    }
    Ok(())
}
