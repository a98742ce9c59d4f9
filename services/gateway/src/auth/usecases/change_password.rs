//! Sets a new password for somebody who knows the present one, or has a link.

use common::event::{Cause, Event, PasswordChanged};
use common::{SessionId, TenantId, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::passwords::HashingError;
use crate::auth::store::users::UserRow;
use crate::auth::store::{password_resets, sessions, users};
use crate::mail::{self, Letter};
use crate::tenants::store::memberships;

/// Tenants that are told; nobody is a member of more.
const MAX_TENANTS: i64 = 10_000;

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangePasswordError {
    /// The present password is another one.
    #[error("the present password is another one")]
    WrongPassword,
    /// The password could not be checked or hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The password as it shall be, and what stays with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewPassword<'a> {
    pub hash: &'a str,
    /// The session that goes on.
    pub kept: Option<SessionId>,
    /// `change` or `reset`.
    pub by: &'static str,
}

/// Changes the password unless it was changed since it was checked, in the system scope: a person's sessions and
/// memberships lie in several tenants.
pub(crate) async fn change_password(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: &UserRow,
    new: NewPassword<'_>,
) -> Result<Vec<SessionId>, ChangePasswordError> {
    if !users::set_password(connection, UserId(user.id), Some(&user.password_hash), new.hash, cause.at).await? {
        return Err(ChangePasswordError::WrongPassword);
    }
    Ok(follow_up(connection, app, cause, user, new).await?)
}

/// What a new password brings about: other sessions and links end, each tenant is told, and so is the person.
pub(super) async fn follow_up(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: &UserRow,
    new: NewPassword<'_>,
) -> Result<Vec<SessionId>, DbError> {
    let id = UserId(user.id);
    password_resets::forget(connection, id).await?;
    let ended = sessions::revoke_all(connection, id, new.kept, "password_changed", cause.at).await?;
    let tenants = memberships::of_user(connection, id, None, MAX_TENANTS).await?;
    let events: Vec<Event> = tenants
        .iter()
        .map(|membership| {
            let count = ended.iter().filter(|session| TenantId(session.tenant_id) == membership.tenant).count();
            let ended_sessions = u32::try_from(count).unwrap_or(u32::MAX);
            let cause = Cause { tenant_id: membership.tenant, ..cause.clone() };
            Event::new(&cause, "gateway", &PasswordChanged { user_id: id, by: new.by.to_owned(), ended_sessions })
        })
        .collect();
    app.outbox.append(connection, &events).await?;
    if let Some(email) = Email::parse(&user.email) {
        let letter = Letter::PasswordChanged { name: user.name.clone() };
        mail::queue(connection, &app.sealer, &email, &letter, None, cause.at).await?;
    }
    Ok(ended.iter().map(|session| SessionId(session.id)).collect())
}
