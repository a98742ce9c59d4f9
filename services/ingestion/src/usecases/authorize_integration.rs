//! Beginning an authorisation: a state and a verifier are kept, and the person's browser is sent to the provider.

use chrono::TimeDelta;
use common::event::Cause;
use common::{DateTime, IntegrationId};
use db::{Connection, DbError};
use settings::{ExposeSecret as _, SecretString};

use super::connection::pull_source;
use crate::app::App;
use crate::domain::oauth::{Attempt, STATE_MINUTES, Sealed, sealing_context, state_hash};
use crate::store;
use crate::store::oauth::OauthState;

/// Where to send the browser.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) authorization_url: String,
    pub(crate) redirect_uri: String,
    pub(crate) expires_at: DateTime,
}

/// Why no authorisation began.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorizeIntegrationError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration's provider is not asked by OAuth")]
    NotOauth,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Begins an authorisation. Without a client secret the one of the last connection is used again.
pub(crate) async fn authorize_integration(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: IntegrationId,
    client_secret: Option<SecretString>,
) -> Result<Begun, AuthorizeIntegrationError> {
    let of = (cause.tenant_id, id);
    let found = store::integrations::find(connection, cause.tenant_id, id).await?;
    let integration = found.ok_or(AuthorizeIntegrationError::NotFound)?;
    let source = pull_source(app.catalogue, &integration).ok_or(AuthorizeIntegrationError::NotOauth)?;
    let seal = |what, text: &str| app.sealer.seal(&sealing_context(cause.tenant_id, id, what), text.as_bytes());
    let client_secret_sealed = match client_secret {
        Some(secret) => Some(seal(Sealed::Client, secret.expose_secret())),
        None => {
            let before = store::oauth::connections(connection, cause.tenant_id, &[id]).await?.pop();
            before.and_then(|before| before.client_secret_sealed)
        }
    };
    let attempt = Attempt::generate();
    let redirect_uri = redirect_uri(app);
    let authorization_url =
        attempt.authorization_url(&source.oauth, &redirect_uri).ok_or(AuthorizeIntegrationError::NotOauth)?;
    let expires_at = cause.at + TimeDelta::minutes(STATE_MINUTES);
    let state = OauthState {
        hash: state_hash(&attempt.state),
        tenant_id: of.0,
        integration_id: of.1,
        verifier_sealed: seal(Sealed::Verifier, &attempt.verifier),
        client_secret_sealed,
        actor: cause.actor.clone(),
        created_at: cause.at,
        expires_at,
    };
    store::oauth::insert_state(connection, &state).await?;
    Ok(Begun { authorization_url, redirect_uri, expires_at })
}

/// Where providers send browsers back to.
pub(super) fn redirect_uri(app: &App) -> String {
    format!("{}/api/v1/integrations/oauth/callback", app.public_url)
}
