//! Replaces the signing key when it has served its time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::keys::KeyError;

const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Looks now and again until told to stop.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        if let Err(error) = rotate_if_due(&app).await {
            tracing::warn!(error = %error, "the signing key was not rotated");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Rotates when the newest key is older than the settings allow.
async fn rotate_if_due(app: &App) -> Result<(), KeyError> {
    let now = app.clock.now();
    let due = now - chrono::Duration::days(app.settings.auth.key_rotation_days);
    app.keys.rotate_if_older(due, now).await
}
