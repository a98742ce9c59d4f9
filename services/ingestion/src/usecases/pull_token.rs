//! The token for a pull: refreshed ahead of its expiry, once across replicas.

use std::time::Duration;

use chrono::TimeDelta;
use common::event::{Cause, Event, IntegrationNeedsReconnect};
use common::trace::TraceContext;
use common::{Actor, DateTime, IntegrationId, TenantId};
use db::{Connection, DbError};
use settings::{ExposeSecret as _, SecretString};
use tokio::time::sleep;
use uuid::Uuid;

use super::connection::{open_text, open_tokens, seal_tokens};
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::Integration;
use crate::domain::oauth::{ConnectionStatus, Grant, OauthConfig, Sealed};
use crate::provider_client::{self, TokenError};
use crate::store;
use crate::store::oauth::Tokens;
use crate::store::pulls::Lease;

/// A token that ends within this time is refreshed before it is used.
const AHEAD: TimeDelta = TimeDelta::seconds(60);
/// How long a turn at refreshing lasts: longer than the provider is waited for.
const TURN: TimeDelta = TimeDelta::seconds(45);
/// How often whoever waits for somebody else's turn looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// There is no token now.
#[derive(Debug)]
pub(crate) enum TokenFailure {
    NeedsReconnect(String),
    /// Not to be had from here; somebody has to put that right.
    Failed(String),
    Later {
        after: Option<Duration>,
        error: String,
    },
}

/// What the row says of the token.
enum Found {
    /// It can be used.
    Usable(SecretString),
    /// It has to be refreshed first, and this caller has the turn.
    Mine(Turn),
    /// Somebody else refreshes it.
    Theirs,
    /// There is none.
    Failed(TokenFailure),
}

/// A turn at refreshing.
struct Turn {
    lease: Uuid,
    refresh: SecretString,
    client_secret: Option<SecretString>,
}

/// A token that the provider did not refuse yet. A refresh token may be good for one use only, so one caller has the turn
/// to use it, and whoever waits finds the new one. The provider is called outside of any transaction.
pub(crate) async fn access_token(
    app: &App,
    lease: &Lease,
    row: &Integration,
    config: &OauthConfig,
    refused: Option<&SecretString>,
) -> Result<Result<SecretString, TokenFailure>, DbError> {
    let of = (lease.tenant_id, row.id);
    loop {
        let found = app.db.tenant(of.0, async |connection| look(connection, app, of, refused).await).await?;
        let turn = match found {
            Found::Usable(token) => return Ok(Ok(token)),
            Found::Failed(failure) => return Ok(Err(failure)),
            Found::Theirs => {
                sleep(LOOK_EVERY).await;
                continue;
            }
            Found::Mine(turn) => turn,
        };
        let asked = (config, turn.client_secret.as_ref());
        let answer = provider_client::refresh(&app.outbound, asked, &turn.refresh, app.clock.now()).await;
        if let Some(outcome) = keep(app, of, &turn, answer).await? {
            return Ok(outcome);
        }
        // The turn was over: what stands in the row by now counts.
    }
}

/// Looks at the row, and takes the turn at refreshing when that is needed and nobody has it.
async fn look(
    connection: &mut Connection,
    app: &App,
    of: (TenantId, IntegrationId),
    refused: Option<&SecretString>,
) -> Result<Found, DbError> {
    let reconnect = |why: &str| Ok(Found::Failed(TokenFailure::NeedsReconnect(why.to_owned())));
    let Some(found) = store::oauth::lock(connection, of).await? else { return reconnect("it is not connected") };
    let sealed = found.tokens_sealed.as_deref().filter(|_| found.status() == ConnectionStatus::Connected);
    let Some(sealed) = sealed else { return reconnect("it is not connected") };
    let Some(tokens) = open_tokens(&app.sealer, of, sealed) else {
        return reconnect("its tokens cannot be opened; the sealing key is gone");
    };
    let now = app.clock.now();
    let is_refused = refused.is_some_and(|refused| refused.expose_secret() == tokens.access.expose_secret());
    if !is_refused && found.expires_at.is_none_or(|end| end > now + AHEAD) {
        return Ok(Found::Usable(tokens.access));
    }
    let Some(refresh) = tokens.refresh else {
        return reconnect("its token ended, and the provider gave no refresh token");
    };
    if found.refresh_until.is_some_and(|until| until > now) {
        return Ok(Found::Theirs);
    }
    let lease = Uuid::new_v4();
    store::oauth::lease_refresh(connection, of, lease, now + TURN).await?;
    let sealed = found.client_secret_sealed.as_deref();
    let client_secret = sealed.and_then(|sealed| open_text(&app.sealer, of, Sealed::Client, sealed));
    Ok(Found::Mine(Turn { lease, refresh, client_secret }))
}

/// Keeps what the provider gave; `None` when the turn was over by then.
async fn keep(
    app: &App,
    of: (TenantId, IntegrationId),
    turn: &Turn,
    answer: Result<Grant, TokenError>,
) -> Result<Option<Result<SecretString, TokenFailure>>, DbError> {
    let now = app.clock.now();
    let sealed = answer.as_ref().ok().map(|grant| seal_tokens(&app.sealer, of, grant, Some(&turn.refresh)));
    let tokens = answer.as_ref().ok().zip(sealed.as_deref()).map(|(grant, sealed)| Tokens {
        sealed,
        scope: grant.scope.as_deref(),
        expires_at: grant.expires_at,
    });
    let is_kept = app
        .db
        .tenant(of.0, async |connection| {
            store::oauth::end_refresh(connection, of, turn.lease, tokens.as_ref(), now).await
        })
        .await?;
    Ok(is_kept.then(|| {
        answer.map(|grant| grant.access_token).map_err(|error| match error {
            TokenError::Refused(error) => TokenFailure::NeedsReconnect(error),
            error @ TokenError::NotCallable(_) => TokenFailure::Failed(error.to_string()),
            TokenError::Unavailable { after, error } => {
                let error = format!("the provider's token endpoint did not answer: {error}");
                TokenFailure::Later { after, error }
            }
        })
    }))
}

/// Says that the source has to be authorised anew, once.
pub(super) async fn needs_reconnect(
    connection: &mut Connection,
    app: &App,
    of: (TenantId, IntegrationId),
    error: &str,
    at: DateTime,
) -> Result<(), DbError> {
    let Some(row) = store::integrations::find(connection, of.0, of.1).await? else { return Ok(()) };
    let is_connected =
        store::oauth::lock(connection, of).await?.is_some_and(|row| row.status() == ConnectionStatus::Connected);
    if is_connected {
        store::oauth::end(connection, of, ConnectionStatus::NeedsReconnect, Some(error), at).await?;
        let cause = Cause { tenant_id: of.0, actor: Actor::service(AGENT), trace: TraceContext::random(), at };
        let event = IntegrationNeedsReconnect { integration_id: of.1, name: row.name, reason: error.to_owned() };
        app.outbox.append(connection, &[Event::new(&cause, AGENT, &event)]).await?;
    }
    Ok(())
}
