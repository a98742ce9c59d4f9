//! Answers those who asked for a new password: a letter to whoever has an account, nothing to others.

use chrono::Duration;
use common::UserId;
use db::DbError;

use crate::app::App;
use crate::auth::domain::secret::{RESET_TOKEN, Secret};
use crate::auth::store::{password_resets, users};
use crate::mail::{self, Letter};

/// How long a link counts; its letter says so.
const LIFE: Duration = Duration::hours(1);
/// How long nobody gets another letter.
const RECENT: Duration = Duration::minutes(1);
/// Requests answered in one transaction.
const AT_ONCE: i64 = 50;

/// Answers waiting requests and returns how many.
pub(crate) async fn answer_reset_requests(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    app.db
        .system(async |connection| {
            let asked = password_resets::take(connection, AT_ONCE).await?;
            for email in &asked {
                let Some(user) = users::find_by_email(connection, email).await? else { continue };
                let token = Secret::generate(RESET_TOKEN);
                let life = (now, now + LIFE);
                if password_resets::replace(connection, UserId(user.id), &token.hash(), life, now - RECENT).await? {
                    let letter = Letter::PasswordReset { name: user.name };
                    mail::queue(connection, &app.sealer, email, &letter, Some(&token), now).await?;
                }
            }
            Ok(asked.len())
        })
        .await
}
