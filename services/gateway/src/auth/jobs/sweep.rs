//! Deletes what nobody will ask for again: expired tokens, ended sessions, old answers to idempotent requests.

use std::time::Duration;

use db::DbError;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::domain::backoff::KNOWN_FOR;
use crate::auth::store::{password_resets, refresh_tokens, sessions, sign_in_failures, sign_in_flows};
use crate::mail;

const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// How long an ended session is kept, for whoever asks what happened.
const KEPT: chrono::Duration = chrono::Duration::days(30);

/// How long the first answer to an `Idempotency-Key` is kept.
const ANSWERS_KEPT: chrono::Duration = chrono::Duration::hours(48);
/// How long failed sign-ins are kept; by then they count no more.
const FAILURES_KEPT: chrono::Duration = chrono::Duration::hours(48);
/// Most answers deleted at once.
const ANSWERS_AT_ONCE: i64 = 10_000;

/// Sweeps now and again until told to stop.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        if let Err(error) = sweep(&app).await {
            tracing::warn!(error = %error, "old sessions were not swept");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn sweep(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    app.db
        .system(async |connection| {
            refresh_tokens::sweep(connection, now).await?;
            sessions::sweep(connection, now - KEPT).await?;
            sign_in_failures::sweep(connection, now - FAILURES_KEPT, now - KNOWN_FOR).await?;
            sign_in_flows::sweep(connection, now).await?;
            password_resets::sweep(connection, now).await?;
            mail::prune(connection, now - KEPT).await?;
            db::idempotency::prune(connection, now - ANSWERS_KEPT, ANSWERS_AT_ONCE).await?;
            Ok(())
        })
        .await
}
