//! Sends the letters that are due, again and again with growing pauses, and gives up in the end with a reason.

use std::time::Duration;

use common::{DateTime, MailId};
use db::DbError;
use tokio_util::sync::CancellationToken;

use super::courier::CourierError;
use super::letter::Letter;
use super::store::{self, Held};
use super::{Courier, purpose};
use crate::app::App;
use crate::auth::usecases::answer_reset_requests::answer_reset_requests;

/// How often an idle worker looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Letters taken at once.
const BATCH: i64 = 10;
/// How long a worker has for a batch: longer than that many letters can take.
const LEASE: chrono::Duration = chrono::Duration::minutes(10);
/// Tries of one letter; the last comes about six hours after the first.
const MAX_ATTEMPTS: i32 = 10;
/// The pause after the first try; each next one is three times as long.
const FIRST_PAUSE: chrono::Duration = chrono::Duration::seconds(10);
/// The longest pause.
const LONGEST_PAUSE: chrono::Duration = chrono::Duration::hours(1);

/// Sends until told to stop. Any number may run; each takes letters that no other holds.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let busy = match round(&app).await {
            Ok(sent) => sent > 0,
            Err(error) => {
                tracing::warn!(error = %error, "letters were not sent");
                false
            }
        };
        if busy {
            continue;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn round(app: &App) -> Result<usize, DbError> {
    let asked = answer_reset_requests(app).await?;
    // Without a way out letters wait; readiness says what is missing.
    let Some(courier) = &app.courier else { return Ok(asked) };
    let now = app.clock.now();
    let held = app.db.system(async |connection| store::claim(connection, BATCH, now, now + LEASE).await).await?;
    let taken = held.len();
    for mail in held {
        let (id, attempts) = (mail.id, mail.attempts);
        let outcome = deliver(app, courier, mail).await;
        note(app, id, attempts, outcome).await?;
    }
    Ok(taken + asked)
}

async fn deliver(app: &App, courier: &Courier, mail: Held) -> Result<(), CourierError> {
    let never = |error: &dyn std::fmt::Display| CourierError::Never(error.to_string());
    let letter: Letter = serde_json::from_str(&mail.variables).map_err(|error| never(&error))?;
    let secret = match &mail.secret_sealed {
        Some(sealed) => {
            let opened = app.sealer.open(&purpose(MailId(mail.id)), sealed).map_err(|error| never(&error))?;
            Some(zeroize::Zeroizing::new(String::from_utf8_lossy(&opened).into_owned()))
        }
        None => None,
    };
    let rendered = letter.render(&app.settings.public.url, secret.as_deref().map(String::as_str));
    courier.deliver(mail.id, &mail.recipient, rendered).await
}

async fn note(app: &App, id: uuid::Uuid, attempts: i32, outcome: Result<(), CourierError>) -> Result<(), DbError> {
    let now = app.clock.now();
    app.db
        .system(async |connection| match outcome {
            Ok(()) => store::mark_sent(connection, id, now).await,
            Err(CourierError::Later(reason)) if attempts < MAX_ATTEMPTS => {
                tracing::info!(mail = %id, attempts, reason, "a letter was not sent and is tried again");
                store::mark_failed(connection, id, &reason, again_at(now, attempts)).await
            }
            Err(CourierError::Later(reason) | CourierError::Never(reason)) => {
                tracing::warn!(mail = %id, attempts, reason, "a letter was given up");
                store::mark_dead(connection, id, &reason, now).await
            }
        })
        .await
}

fn again_at(now: DateTime, attempts: i32) -> DateTime {
    let growth = 3_i32.saturating_pow(attempts.saturating_sub(1).clamp(0, 10).unsigned_abs());
    now + (FIRST_PAUSE * growth).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let now = SystemClock.now();
        let pauses = (1..=7).map(|attempts| (again_at(now, attempts) - now).num_seconds()).collect::<Vec<_>>();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 2_430, 3_600]);
    }
}
