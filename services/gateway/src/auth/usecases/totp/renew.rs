//! Gives a person new recovery codes; the former ones are worth nothing from then on.

use common::UserId;
use common::event::{Cause, Event, RecoveryCodesRenewed};
use db::{Connection, DbError};
use zeroize::Zeroizing;

use super::prove::{ProofError, enrolled};
use crate::app::App;
use crate::auth::domain::recovery_code;
use crate::auth::store::second_factors;

/// Renews them, for a person who proved their second factor.
pub(crate) async fn renew(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: UserId,
) -> Result<Vec<Zeroizing<String>>, ProofError> {
    enrolled(connection, user).await?;
    let codes = new_codes(connection, user).await?;
    let told = RecoveryCodesRenewed { user_id: user };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(codes)
}

/// New codes, stored as hashes.
pub(super) async fn new_codes(connection: &mut Connection, user: UserId) -> Result<Vec<Zeroizing<String>>, DbError> {
    let codes: Vec<_> = (0..recovery_code::COUNT).map(|_| recovery_code::generate()).collect();
    let hashes = codes.iter().map(|code| recovery_code::hash(code).to_vec()).collect();
    second_factors::replace_codes(connection, user, hashes).await?;
    Ok(codes)
}
