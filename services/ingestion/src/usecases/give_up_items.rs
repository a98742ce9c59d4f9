//! Items of operations that nobody answers for: their request may lie in a dead-letter queue. They end as failed, so that
//! the operation comes to its end; an answer that comes after all still corrects them.

use chrono::TimeDelta;
use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, DateTime, OperationId, TenantId};
use db::DbError;

use super::run_operations::count;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::item::Tally;
use crate::store;

/// How long an item waits. Requests are tried again for some five minutes, and a queue may be long.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// Gives up what has waited too long, one operation after the other.
pub(crate) async fn give_up_items(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    let before = now - PATIENCE;
    let found = app.db.system(async |connection| store::operations::unanswered(connection, before).await).await?;
    for key in found {
        give_up(app, key, before, now).await?;
    }
    Ok(())
}

async fn give_up(
    app: &App,
    key @ (operation, tenant): (OperationId, TenantId),
    before: DateTime,
    now: DateTime,
) -> Result<(), DbError> {
    app.db
        .tenant(tenant, async |connection| {
            store::operations::lock(connection, tenant, operation).await?;
            let failed = store::operation_items::give_up(connection, key, before, now).await?;
            tracing::warn!(%operation, failed, "nobody said how parts of the operation ended");
            let cause =
                Cause { tenant_id: tenant, actor: Actor::service(AGENT), trace: TraceContext::random(), at: now };
            count(connection, app, &cause, operation, Tally { failed, ..Tally::default() }).await
        })
        .await
}
