//! Begins a session: the first pair of tokens of a family.

use chrono::Duration;
use common::{DateTime, Role, SessionId, TenantId, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::domain::access_token::{AUDIENCE, Claims};
use crate::auth::domain::secret::{REFRESH_TOKEN, Secret};
use crate::auth::keys::{KeyError, Keys};
use crate::auth::store::refresh_tokens::{self, NewToken};
use crate::auth::store::sessions::{self, NewSession};

/// Longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 300;

/// Whom tokens are for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    pub session: SessionId,
    pub tenant: TenantId,
    pub user: UserId,
    pub role: Role,
}

/// How a session begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opening {
    /// By the account's own password, or a session that was.
    Own,
    /// By the tenant's identity provider, which is asked again when it ends.
    Provider {
        /// When it ends, however much it is used.
        ends_at: DateTime,
    },
}

/// An access token and the refresh token to replace it with.
#[derive(Debug)]
pub(crate) struct TokenPair {
    pub access_token: String,
    pub refresh_token: Secret,
    /// Life of the access token, in seconds.
    pub expires_in: i64,
    /// The session that they are of.
    pub session: SessionId,
}

/// Begins a session for a member. Keys are read by the caller, before the transaction is opened.
pub(crate) async fn open_session(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    holder: Holder,
    user_agent: Option<&str>,
    now: DateTime,
) -> Result<TokenPair, OpenSessionError> {
    open_session_by(connection, app, keys, holder, (Opening::Own, user_agent), now).await
}

/// The same for a session that begins in another way.
pub(crate) async fn open_session_by(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    holder: Holder,
    (opening, user_agent): (Opening, Option<&str>),
    now: DateTime,
) -> Result<TokenPair, OpenSessionError> {
    let (expires_at, confined) = match opening {
        Opening::Own => (now + Duration::days(app.settings.auth.refresh_token_days), false),
        Opening::Provider { ends_at } => (ends_at, true),
    };
    let user_agent: Option<String> = user_agent.map(|text| text.chars().take(MAX_USER_AGENT).collect());
    let session = NewSession {
        id: holder.session,
        tenant: holder.tenant,
        user: holder.user,
        user_agent: user_agent.as_deref(),
        at: now,
        expires_at,
        confined,
    };
    sessions::insert(connection, &session).await?;
    let refresh_token = Secret::generate(REFRESH_TOKEN);
    let (hash, tenant, session) = (refresh_token.hash(), holder.tenant, holder.session);
    refresh_tokens::insert(connection, NewToken { hash: &hash, tenant, session, at: now, expires_at }).await?;
    Ok(pair(app, keys, holder, refresh_token, now)?)
}

/// Why no session was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenSessionError {
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Signs an access token and puts it beside the refresh token.
pub(crate) fn pair(
    app: &App,
    keys: &Keys,
    holder: Holder,
    refresh_token: Secret,
    now: DateTime,
) -> Result<TokenPair, KeyError> {
    let expires_in = app.settings.auth.access_token_seconds;
    let claims = Claims {
        iss: app.settings.public.url.clone(),
        aud: AUDIENCE.to_owned(),
        sub: holder.user,
        tid: holder.tenant,
        role: holder.role,
        sid: holder.session,
        iat: now.timestamp(),
        exp: now.timestamp() + expires_in,
    };
    Ok(TokenPair { access_token: keys.sign(&claims)?, refresh_token, expires_in, session: holder.session })
}
