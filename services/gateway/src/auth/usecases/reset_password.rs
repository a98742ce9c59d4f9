//! Sets a new password for whoever holds the link that was mailed.

use common::event::Cause;
use common::identity::ActorKind;
use common::trace::TraceContext;
use common::{Actor, DateTime, SessionId, TenantId, UserId};
use db::{Connection, DbError};

use super::change_password::{NewPassword, follow_up};
use crate::app::App;
use crate::auth::domain::secret;
use crate::auth::passwords::HashingError;
use crate::auth::store::users::UserRow;
use crate::auth::store::{password_resets, users};

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResetPasswordError {
    /// The link is unknown, spent, replaced by a newer one or too old.
    #[error("the link is worth nothing")]
    Unusable,
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Whose link it is.
pub(crate) async fn find_holder(
    connection: &mut Connection,
    token: &str,
    now: DateTime,
) -> Result<UserRow, ResetPasswordError> {
    let row = password_resets::find(connection, &secret::hash(token)).await?.filter(|row| now < row.expires_at);
    let row = row.ok_or(ResetPasswordError::Unusable)?;
    users::find(connection, UserId(row.user_id)).await?.ok_or(ResetPasswordError::Unusable)
}

/// Spends the link and sets the password. All sessions end: whoever knew the former password may be in one.
pub(crate) async fn reset_password(
    connection: &mut Connection,
    app: &App,
    (token, hash): (&str, &str),
    trace: TraceContext,
    now: DateTime,
) -> Result<Vec<SessionId>, ResetPasswordError> {
    let user = find_holder(connection, token, now).await?;
    if !password_resets::spend(connection, &secret::hash(token)).await? {
        return Err(ResetPasswordError::Unusable);
    }
    let id = UserId(user.id);
    users::set_password(connection, id, None, hash, now).await?;
    let actor = Actor { kind: ActorKind::User, id: id.to_string(), name: Some(user.email.clone()) };
    // Each tenant is told in its own name.
    let cause = Cause { tenant_id: TenantId(user.id), actor, trace, at: now };
    Ok(follow_up(connection, app, &cause, &user, NewPassword { hash, kept: None, by: "reset" }).await?)
}
