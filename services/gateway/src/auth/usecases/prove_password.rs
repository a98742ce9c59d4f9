//! Checks an account's password where it is not a sign-in, under the same backoff: a guess counts wherever it is made.

use common::trace::TraceContext;
use db::DbError;
use zeroize::Zeroizing;

use super::backoff::{self, BackoffError};
use crate::app::App;
use crate::auth::passwords::HashingError;
use crate::auth::store::users::UserRow;
use crate::gate::ClientAddress;

/// Why the password was not checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvePasswordError {
    /// Too many guesses failed before.
    #[error(transparent)]
    Backoff(#[from] BackoffError),
    /// The password could not be checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Whether it is the account's password.
pub(crate) async fn prove_password(
    app: &App,
    user: &UserRow,
    password: Zeroizing<String>,
    (address, trace): (ClientAddress, TraceContext),
) -> Result<bool, ProvePasswordError> {
    let now = app.clock.now();
    let attempt = app.db.system(async |connection| backoff::begin(connection, &user.email, address, now).await).await?;
    let fits = app.passwords.verify(password, Some(user.password_hash.clone())).await;
    app.db
        .system(async |connection| match &fits {
            Ok(true) => backoff::succeed(connection, &attempt, now).await,
            Ok(false) => backoff::fail(connection, app, &attempt, Some(user), trace, now).await,
            Err(_) => backoff::take_back(connection, &attempt).await,
        })
        .await?;
    Ok(fits?)
}
