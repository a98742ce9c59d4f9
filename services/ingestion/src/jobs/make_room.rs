//! Has held records released when there is room for them again: a month began, a plan was changed, a payment came.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store;

const EVERY: Duration = Duration::from_secs(2);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = app.clock.now();
        let mark =
            async |connection: &mut db::Connection| store::quotas::release_where_there_is_room(connection, now).await;
        match app.db.system(mark).await {
            Ok(0) => {}
            Ok(_) => app.resumed.notify_one(),
            Err(error) => tracing::warn!(%error, "held records are looked at again in a moment"),
        }
    }
}
