//! Raising and ending the alarms of all sources.

use common::Actor;
use common::event::{Cause, Event, IntegrationFailing, IntegrationRecovered};
use common::trace::TraceContext;
use db::DbError;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::health::Alarm;
use crate::store;
use crate::store::health::Watched;

/// Sources looked at by one query.
const PAGE: i64 = 100;

/// Looks at every source once. Replicas may do so at the same time: an alarm changes from what was seen or not at all,
/// so that each change is told once.
pub(crate) async fn watch_health(app: &App, shutdown: &CancellationToken) -> Result<(), DbError> {
    let mut after = None;
    while !shutdown.is_cancelled() {
        let page = app.db.system(async |connection| store::health::watched(connection, after, PAGE).await).await?;
        let now = app.clock.now();
        for source in &page {
            let judged = source.observed.alarm(source.alarm, now);
            if judged != source.alarm {
                change(app, source, judged).await?;
            }
        }
        after = page.last().map(|source| source.id);
        if i64::try_from(page.len()).is_ok_and(|count| count < PAGE) {
            break;
        }
    }
    Ok(())
}

async fn change(app: &App, source: &Watched, judged: Option<Alarm>) -> Result<(), DbError> {
    let cause = Cause {
        tenant_id: source.tenant_id,
        actor: Actor::integration(source.id, &source.name),
        trace: TraceContext::random(),
        at: app.clock.now(),
    };
    let (integration_id, name) = (source.id, source.name.clone());
    let last_delivery_at = source.observed.receipts.seen.first().map(|seen| seen.at);
    let event = match judged {
        Some(alarm) => {
            let failing =
                IntegrationFailing { integration_id, name, status: alarm.as_str().to_owned(), last_delivery_at };
            Event::new(&cause, AGENT, &failing)
        }
        None => Event::new(&cause, AGENT, &IntegrationRecovered { integration_id, name, last_delivery_at }),
    };
    app.db
        .tenant(source.tenant_id, async |connection| {
            if store::health::change_alarm(connection, source, judged).await? {
                app.outbox.append(connection, &[event]).await?;
            }
            Ok(())
        })
        .await
}
