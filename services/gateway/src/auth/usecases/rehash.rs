//! Hashes a password anew when the settings ask for more than its stored hash cost.

use common::{DateTime, UserId};
use db::DbError;
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::passwords::HashingError;
use crate::auth::store::users::{self, UserRow};

/// Replaces the stored hash of a password that was just found right. A crowd of hashes goes first: the next sign-in
/// tries again.
pub(crate) async fn rehash_if_outdated(
    app: &App,
    user: &UserRow,
    password: Zeroizing<String>,
    now: DateTime,
) -> Result<(), DbError> {
    if !app.passwords.is_outdated(&user.password_hash) {
        return Ok(());
    }
    match app.passwords.hash(password).await {
        Ok(hash) => {
            app.db
                .system(async |connection| {
                    let former = Some(user.password_hash.as_str());
                    users::set_password(connection, UserId(user.id), former, &hash, now).await.map(drop)
                })
                .await
        }
        Err(HashingError::Busy) => Ok(()),
        Err(error) => {
            tracing::warn!(error = %error, "a password was not hashed anew");
            Ok(())
        }
    }
}
