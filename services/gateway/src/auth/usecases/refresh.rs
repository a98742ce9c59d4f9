//! Exchanges a refresh token for a new pair, once.

use std::borrow::Cow;

use chrono::Duration;
use common::event::{Cause, Event, RefreshTokenReused};
use common::identity::ActorKind;
use common::trace::TraceContext;
use common::{Actor, DateTime, Role, SessionId, TenantId, UserId};
use db::{Connection, DbError};

use super::open_session::{Holder, TokenPair, pair};
use crate::app::App;
use crate::auth::domain::rotation::{TokenState, Verdict};
use crate::auth::domain::secret::{self, REFRESH_TOKEN, Secret};
use crate::auth::keys::{KeyError, Keys};
use crate::auth::store::refresh_tokens::{self, NewToken, TokenRow};
use crate::auth::store::sessions::{self, SessionState};

/// Why there is no new pair.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// The token is unknown, or its time or session is over; by which rule.
    #[error("the refresh token is worth nothing: {0}")]
    Refused(Cow<'static, str>),
    /// The token was used before; its session was ended.
    #[error("the refresh token was used before")]
    Reused,
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What came of it. A reuse is an outcome and no error: ending the session must be committed.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// A pair.
    Pair(TokenPair),
    /// These sessions were ended.
    Reused(Vec<SessionId>),
}

/// Exchanges the token. The chain of a session changes only while its row is locked, so of two requests with one
/// token the second finds it used and gets the same successor.
pub(crate) async fn refresh(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    token: &str,
    trace: TraceContext,
    now: DateTime,
) -> Result<Refreshed, RefreshError> {
    let hash = secret::hash(token);
    let id = refresh_tokens::session_of(connection, &hash).await?.ok_or_else(unknown)?;
    let session = sessions::state(connection, id, true).await?.ok_or_else(unknown)?;
    let row = refresh_tokens::find(connection, &hash).await?.ok_or_else(unknown)?;
    let refused = || {
        let reason = match (&session.revoked_reason, &session.role) {
            (Some(reason), _) => Cow::Owned(reason.clone()),
            (None, None) => "member_removed".into(),
            (None, Some(_)) => "expired".into(),
        };
        RefreshError::Refused(reason)
    };
    let role = session.role.as_deref().and_then(Role::parse).ok_or_else(refused)?;
    let holder = Holder { session: id, tenant: TenantId(session.tenant_id), user: UserId(session.user_id), role };
    let state = TokenState {
        session_ended: session.revoked_at.is_some(),
        expires_at: row.expires_at,
        used_at: row.used_at,
        successor_used: row.successor_used,
    };
    let successor = match state.judge(now) {
        Verdict::Refuse => return Err(refused()),
        Verdict::Reused => return end_family(connection, app, holder, &session, trace, now).await,
        Verdict::Repeat => present_successor(app, id, &row).ok_or_else(refused)?,
        Verdict::Rotate => rotate(connection, app, holder, (&hash, &session), now).await?,
    };
    Ok(Refreshed::Pair(pair(app, keys, holder, successor, now)?))
}

async fn rotate(
    connection: &mut Connection,
    app: &App,
    holder: Holder,
    (hash, state): (&[u8; 32], &SessionState),
    now: DateTime,
) -> Result<Secret, DbError> {
    let successor = Secret::generate(REFRESH_TOKEN);
    let (successor_hash, tenant, session) = (successor.hash(), holder.tenant, holder.session);
    let prolonged = now + Duration::days(app.settings.auth.refresh_token_days);
    // The provider is asked again in time, however much the session is used.
    let expires_at = if state.confined { state.expires_at } else { prolonged };
    let token = NewToken { hash: &successor_hash, tenant, session, at: now, expires_at };
    refresh_tokens::insert(connection, token).await?;
    let sealed = app.sealer.seal(&purpose(session), successor.expose().as_bytes());
    refresh_tokens::mark_used(connection, hash, &successor_hash, &sealed, now).await?;
    sessions::prolong(connection, session, now, expires_at).await?;
    Ok(successor)
}

fn present_successor(app: &App, session: SessionId, row: &TokenRow) -> Option<Secret> {
    let sealed = row.successor_sealed.as_deref()?;
    // A sealing key that is gone only costs the caller another sign-in.
    Secret::from_bytes(&app.sealer.open(&purpose(session), sealed).ok()?)
}

async fn end_family(
    connection: &mut Connection,
    app: &App,
    holder: Holder,
    session: &SessionState,
    trace: TraceContext,
    now: DateTime,
) -> Result<Refreshed, RefreshError> {
    let ended = sessions::revoke(connection, holder.session, holder.user, "token_reused", now).await?;
    let actor = Actor { kind: ActorKind::User, id: holder.user.to_string(), name: Some(session.email.clone()) };
    let cause = Cause { tenant_id: holder.tenant, actor, trace, at: now };
    let told = RefreshTokenReused { session_id: holder.session, user_id: holder.user };
    app.outbox.append(connection, &[Event::new(&cause, "gateway", &told)]).await?;
    Ok(Refreshed::Reused(ended.into_iter().map(|session| SessionId(session.id)).collect()))
}

fn unknown() -> RefreshError {
    RefreshError::Refused("unknown".into())
}

fn purpose(session: SessionId) -> String {
    format!("gateway/refresh-token/{session}")
}
