//! The token for a pull: refreshed ahead of its expiry, once across replicas.

use std::time::Duration;

use chrono::TimeDelta;
use common::event::{Cause, Event, IntegrationNeedsReconnect};
use common::trace::TraceContext;
use common::{Actor, DateTime, IntegrationId, TenantId};
use db::{Connection, DbError};
use settings::{ExposeSecret as _, SecretString};

use super::connection::{open_text, open_tokens, seal_tokens};
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::Integration;
use crate::domain::oauth::{ConnectionStatus, OauthConfig, Sealed};
use crate::provider_client::{self, TokenError};
use crate::store;
use crate::store::oauth::Tokens;
use crate::store::pulls::Lease;

/// A token that ends within this time is refreshed before it is used.
const AHEAD: TimeDelta = TimeDelta::seconds(60);

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

/// A token that the provider did not refuse yet. The row is locked while it is refreshed: a refresh token may be
/// good for one use only, and whoever waited finds the new one.
pub(crate) async fn access_token(
    app: &App,
    lease: &Lease,
    row: &Integration,
    config: &OauthConfig,
    refused: Option<&SecretString>,
) -> Result<Result<SecretString, TokenFailure>, DbError> {
    let of = (lease.tenant_id, row.id);
    app.db
        .tenant(lease.tenant_id, async |connection| {
            let reconnect = |why: &str| Ok(Err(TokenFailure::NeedsReconnect(why.to_owned())));
            let Some(found) = store::oauth::lock(connection, of).await? else {
                return reconnect("it is not connected");
            };
            let sealed = found.tokens_sealed.as_deref().filter(|_| found.status() == ConnectionStatus::Connected);
            let Some(sealed) = sealed else { return reconnect("it is not connected") };
            let Some(tokens) = open_tokens(&app.sealer, of, sealed) else {
                return reconnect("its tokens cannot be opened; the sealing key is gone");
            };
            let now = app.clock.now();
            let is_refused = refused.is_some_and(|refused| refused.expose_secret() == tokens.access.expose_secret());
            if !is_refused && found.expires_at.is_none_or(|end| end > now + AHEAD) {
                return Ok(Ok(tokens.access));
            }
            let Some(old) = tokens.refresh else {
                return reconnect("its token ended, and the provider gave no refresh token");
            };
            let secret = found
                .client_secret_sealed
                .as_deref()
                .and_then(|sealed| open_text(&app.sealer, of, Sealed::Client, sealed));
            match provider_client::refresh(&app.outbound, (config, secret.as_ref()), &old, now).await {
                Ok(grant) => {
                    let sealed = seal_tokens(&app.sealer, of, &grant, Some(&old));
                    let tokens =
                        Tokens { sealed: &sealed, scope: grant.scope.as_deref(), expires_at: grant.expires_at };
                    store::oauth::refresh(connection, of, &tokens, now).await?;
                    Ok(Ok(grant.access_token))
                }
                Err(TokenError::Refused(error)) => reconnect(&error),
                Err(error @ TokenError::NotCallable(_)) => Ok(Err(TokenFailure::Failed(error.to_string()))),
                Err(TokenError::Unavailable { after, error }) => {
                    let error = format!("the provider's token endpoint did not answer: {error}");
                    Ok(Err(TokenFailure::Later { after, error }))
                }
            }
        })
        .await
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
