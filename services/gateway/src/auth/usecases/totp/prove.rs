//! Whether a person has their second factor at hand.

use common::{DateTime, UserId};
use db::{Connection, DbError};
use settings::OpenError;

use crate::app::App;
use crate::auth::domain::recovery_code;
use crate::auth::domain::totp::TotpSecret;
use crate::auth::store::second_factors::{self, SecondFactorRow};

/// What the person shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof<'a> {
    /// A code of their authenticator.
    Code(&'a str),
    /// A recovery code.
    Recovery(&'a str),
}

/// Why the second factor is not proven.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofError {
    /// The person has none.
    #[error("no second factor is enrolled")]
    NotEnrolled,
    /// The code is wrong, old or used.
    #[error("wrong code")]
    Wrong,
    /// The secret cannot be opened.
    #[error("the secret cannot be opened")]
    Sealed(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a person's secret is sealed for.
pub(crate) fn purpose(user: UserId) -> String {
    format!("{user}/totp")
}

/// Takes a proof, which is worth nothing afterwards.
pub(crate) async fn prove(
    connection: &mut Connection,
    app: &App,
    user: UserId,
    proof: Proof<'_>,
    now: DateTime,
) -> Result<(), ProofError> {
    let row = enrolled(connection, user).await?;
    match proof {
        Proof::Code(code) => take_code(connection, app, user, &row, code, now).await,
        Proof::Recovery(code) => {
            let hash = recovery_code::hash(code);
            if second_factors::use_code(connection, user, &hash, now).await? { Ok(()) } else { Err(ProofError::Wrong) }
        }
    }
}

/// The person's confirmed second factor, held until the transaction ends.
pub(super) async fn enrolled(connection: &mut Connection, user: UserId) -> Result<SecondFactorRow, ProofError> {
    let row = second_factors::lock(connection, user).await?.filter(|row| row.confirmed_at.is_some());
    row.ok_or(ProofError::NotEnrolled)
}

/// Takes a code of the authenticator, confirmed or not.
pub(super) async fn take_code(
    connection: &mut Connection,
    app: &App,
    user: UserId,
    row: &SecondFactorRow,
    code: &str,
    now: DateTime,
) -> Result<(), ProofError> {
    let secret = TotpSecret::from_bytes(&app.sealer.open(&purpose(user), &row.secret_sealed)?);
    let step = secret.step_of(code, now, row.last_step).ok_or(ProofError::Wrong)?;
    second_factors::take_step(connection, user, step, now).await?;
    Ok(())
}
