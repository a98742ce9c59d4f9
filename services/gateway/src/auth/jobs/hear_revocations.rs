//! Hears from PostgreSQL which credentials ended, on whatever replica, and forgets them here.
//!
//! While it cannot hear, what is remembered counts for `auth.token_check_seconds` and `auth.api_key_check_seconds`
//! at most, as if there were no such job.

use std::time::Duration;

use common::{ApiKeyId, SessionId, TenantId, UserId};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::checker::Checker;

/// The channel that the triggers of the migration write to.
const CHANNEL: &str = "gateway_credentials";
/// The pause before it listens again after the connection broke.
const PAUSE: Duration = Duration::from_millis(500);

/// Listens until told to stop.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        let listening = db::listen(
            &app.settings.database,
            CHANNEL,
            || app.checker.forget_all(),
            |payload| {
                forget(&app.checker, payload);
            },
        );
        tokio::select! {
            () = shutdown.cancelled() => return,
            Err(error) = listening => tracing::info!(error = %error, "revocations are not heard; listening again"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

fn forget(checker: &Checker, payload: &str) {
    let mut parts = payload.split(':');
    let kind = parts.next().unwrap_or_default();
    let mut id = || parts.next().and_then(|text| text.parse::<uuid::Uuid>().ok());
    match (kind, id(), id()) {
        ("session", Some(session), None) => checker.forget_session(SessionId(session)),
        ("key", Some(key), None) => checker.forget_key(ApiKeyId(key)),
        ("member", Some(tenant), Some(user)) => checker.forget_member(TenantId(tenant), UserId(user)),
        // A newer release tells what this one does not know: better to look everything up again.
        _ => checker.forget_all(),
    }
}
