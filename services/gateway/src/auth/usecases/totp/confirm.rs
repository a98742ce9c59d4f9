//! Completes an enrolment with the first code, and gives the recovery codes.

use common::event::{Cause, Event, SecondFactorEnrolled};
use common::{SessionId, UserId};
use db::{Connection, DbError};
use zeroize::Zeroizing;

use super::prove::{ProofError, take_code};
use super::renew::new_codes;
use crate::app::App;
use crate::auth::store::{second_factors, sessions};

/// Why the enrolment is not complete.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfirmError {
    /// There is no enrolment to complete.
    #[error("no enrolment was begun")]
    NotBegun,
    /// It is complete.
    #[error("a second factor is enrolled already")]
    Enrolled,
    /// The code is wrong.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Confirms the secret. The session at hand has shown the second factor by this.
pub(crate) async fn confirm(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: UserId,
    session: SessionId,
    code: &str,
) -> Result<Vec<Zeroizing<String>>, ConfirmError> {
    let row = second_factors::lock(connection, user).await?.ok_or(ConfirmError::NotBegun)?;
    if row.confirmed_at.is_some() {
        return Err(ConfirmError::Enrolled);
    }
    take_code(connection, app, user, &row, code, cause.at).await?;
    let codes = new_codes(connection, user).await?;
    sessions::pass_second_factor(connection, session, cause.at).await?;
    let told = SecondFactorEnrolled { user_id: user };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(codes)
}
