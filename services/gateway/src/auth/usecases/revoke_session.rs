//! Ends sessions of the caller's own, with those that were opened from them.

use std::collections::BTreeMap;

use common::event::{Cause, Event, SessionsRevoked};
use common::{SessionId, TenantId, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::sessions::{self, EndedSession};

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

/// Ends one, and returns which ended with it. Signing out is no news; ending a session from elsewhere is told.
pub(crate) async fn revoke_session(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: SessionId,
    user: UserId,
    reason: Reason,
) -> Result<Vec<SessionId>, RevokeSessionError> {
    let ended = match reason {
        Reason::Logout => sessions::revoke(connection, id, user, "logout", cause.at).await?,
        Reason::Revoked => {
            let ended = sessions::revoke(connection, id, user, "revoked", cause.at).await?;
            tell(connection, app, cause, user, &ended).await?;
            ended
        }
    };
    if ended.is_empty() { Err(RevokeSessionError::NotFound) } else { Ok(ids(&ended)) }
}

/// Ends all but `kept`, tells it and returns which.
pub(crate) async fn revoke_sessions(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<Vec<SessionId>, DbError> {
    let ended = sessions::revoke_all(connection, user, kept, "revoked", cause.at).await?;
    tell(connection, app, cause, user, &ended).await?;
    Ok(ids(&ended))
}

/// Tells each tenant of its own sessions only.
async fn tell(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: UserId,
    ended: &[EndedSession],
) -> Result<(), DbError> {
    let mut by_tenant: BTreeMap<TenantId, Vec<SessionId>> = BTreeMap::new();
    for session in ended {
        by_tenant.entry(TenantId(session.tenant_id)).or_default().push(SessionId(session.id));
    }
    let events: Vec<Event> = by_tenant
        .into_iter()
        .map(|(tenant_id, session_ids)| {
            let cause = Cause { tenant_id, ..cause.clone() };
            Event::new(&cause, "gateway", &SessionsRevoked { user_id: user, session_ids })
        })
        .collect();
    app.outbox.append(connection, &events).await
}

fn ids(ended: &[EndedSession]) -> Vec<SessionId> {
    ended.iter().map(|session| SessionId(session.id)).collect()
}
