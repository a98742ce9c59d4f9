//! Ends a session of the caller's own.

use common::{DateTime, SessionId, UserId};
use db::{Connection, DbError};

use crate::auth::store::sessions;

/// Why a session ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    /// Its person signed out.
    Logout,
    /// Its person ended it from elsewhere.
    Revoked,
}

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeSessionError {
    /// The person has no such live session.
    #[error("no such session")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Ends it.
pub(crate) async fn revoke_session(
    connection: &mut Connection,
    id: SessionId,
    user: UserId,
    reason: Reason,
    now: DateTime,
) -> Result<(), RevokeSessionError> {
    let reason = match reason {
        Reason::Logout => "logout",
        Reason::Revoked => "revoked",
    };
    if sessions::revoke(connection, id, user, reason, now).await? { Ok(()) } else { Err(RevokeSessionError::NotFound) }
}
