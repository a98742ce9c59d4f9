//! Handles what providers told, as soon as it is stored, and again what could not be handled before.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::store::provider_events::{self, Claimed};
use crate::usecases::handle_event::handle_event;

/// Events in hand at a time, each of another customer.
const BATCH: i64 = 8;
/// Of those, how many at once: each may wait for the provider, and needs a connection only before and after.
const AT_ONCE: usize = 4;
/// How long what a dead process had in hand waits for another.
const LEASE: TimeDelta = TimeDelta::seconds(12);
/// How often a living one says that it still has it, however long the provider takes.
const RENEWAL: Duration = Duration::from_secs(4);
/// How often to look for events that another process stored or that are to be tried again.
const POLL: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) async fn handle_events(app: App, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let woken = app.received.notified();
        let now = app.clock.now();
        let claim =
            async |connection: &mut db::Connection| provider_events::claim(connection, now, now + LEASE, BATCH).await;
        let claimed = match app.db.system(claim).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "providers' events wait");
                Vec::new()
            }
        };
        let is_idle = claimed.is_empty();
        handle_all(&app, claimed).await;
        if is_idle {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = woken => {}
                () = sleep(POLL) => {}
            }
        }
    }
}

/// Handles the events in hand, and keeps them in hand meanwhile.
async fn handle_all(app: &App, claimed: Vec<Claimed>) {
    let claims: Vec<Uuid> = claimed.iter().map(|event| event.claim).collect();
    let handling = stream::iter(claimed).for_each_concurrent(AT_ONCE, async |event| {
        if let Err(error) = handle_event(app, &event).await {
            tracing::warn!(%error, event = event.event_id, "an event stays in hand until its lease ends");
        }
    });
    tokio::pin!(handling);
    loop {
        tokio::select! {
            () = &mut handling => return,
            () = sleep(RENEWAL) => {
                let until = app.clock.now() + LEASE;
                let renew = async |connection: &mut db::Connection| {
                    provider_events::renew(connection, &claims, until).await
                };
                if let Err(error) = app.db.system(renew).await {
                    tracing::warn!(%error, "events in hand may be taken by another process");
                }
            }
        }
    }
}
