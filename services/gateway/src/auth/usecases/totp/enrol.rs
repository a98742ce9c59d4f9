//! Gives a person a secret for their authenticator. It counts once a code proved that it arrived.

use common::{DateTime, UserId};
use db::{Connection, DbError};

use super::prove::purpose;
use crate::app::App;
use crate::auth::domain::totp::TotpSecret;
use crate::auth::store::second_factors;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrolError {
    /// The person has a second factor.
    #[error("a second factor is enrolled already")]
    Enrolled,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes a secret, in the place of one that was never confirmed.
pub(crate) async fn enrol(
    connection: &mut Connection,
    app: &App,
    user: UserId,
    now: DateTime,
) -> Result<TotpSecret, EnrolError> {
    let secret = TotpSecret::generate();
    let sealed = app.sealer.seal(&purpose(user), secret.as_bytes());
    if second_factors::begin(connection, user, &sealed, now).await? { Ok(secret) } else { Err(EnrolError::Enrolled) }
}
