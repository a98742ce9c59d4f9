//! Releasing records that were held while their source was paused.

use common::Actor;
use common::event::{Cause, Event, Ingested};
use common::trace::TraceContext;
use db::DbError;

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::store;
use crate::store::releases::ResumedSource;

/// Records released in one transaction.
const BATCH: i64 = 50;

/// Whether to go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something was released; there may be more.
    More,
    /// Nothing is held for an active source.
    Done,
}

/// Releases a batch for each source that was resumed, each in a transaction of its own. A source that fails is tried
/// again later and does not hold up the others.
pub(crate) async fn release_held(app: &App) -> Result<Progress, DbError> {
    let sources = app.db.system(async |connection| store::releases::resumed_sources(connection).await).await?;
    let mut progress = Progress::Done;
    for source in &sources {
        match release_batch(app, source).await {
            Ok(Progress::More) => progress = Progress::More,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, integration = %source.id, "held records are not released now"),
        }
    }
    Ok(progress)
}

async fn release_batch(app: &App, source: &ResumedSource) -> Result<Progress, DbError> {
    let cause = Cause {
        tenant_id: source.tenant_id,
        actor: Actor::integration(source.id, &source.name),
        trace: TraceContext::random(),
        at: app.clock.now(),
    };
    let room = app.quotas.room(&app.db, source.tenant_id, cause.at).await.ok().flatten();
    let limit = room.map_or(BATCH, |room| room.min(BATCH));
    app.db
        .tenant(source.tenant_id, async |connection| {
            if !store::releases::lock(connection, source).await? {
                return Ok(Progress::Done);
            }
            let released = store::releases::release(connection, source, limit, cause.at).await?;
            if released.is_empty() {
                store::releases::done(connection, source).await?;
                return Ok(Progress::Done);
            }
            let count = i64::try_from(released.len()).unwrap_or(i64::MAX);
            store::quotas::count_released(connection, source.tenant_id, count, cause.at).await?;
            let events: Vec<Event> = released
                .into_iter()
                .map(|(record, delivery)| Event::new(&cause, AGENT, &Ingested { record, delivery_id: Some(delivery) }))
                .collect();
            app.outbox.append(connection, &events).await?;
            Ok(Progress::More)
        })
        .await
}
