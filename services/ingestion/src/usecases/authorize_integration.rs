//! Beginning an authorisation: a state and a verifier are kept, and the person's browser is sent to the provider.

use chrono::TimeDelta;
use common::event::Cause;
use common::{DateTime, IntegrationId};
use db::{Connection, DbError};
use settings::{ExposeSecret as _, SecretString};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::connection::pull_source;
use crate::app::App;
use crate::domain::oauth::{
    Attempt, CALLBACK, STATE_MINUTES, Sealed, browser_context, browser_cookie, sealing_context, state_hash, state_of,
};
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
    (client_secret, return_path): (Option<SecretString>, Option<String>),
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
        return_path,
        created_at: cause.at,
        expires_at,
    };
    store::oauth::insert_state(connection, &state).await?;
    Ok(Begun { authorization_url, redirect_uri, expires_at })
}

/// Whether an authorisation must be finished by the browser that began it.
pub(super) fn is_bound(app: &App, return_path: Option<&str>) -> bool {
    app.pull.same_browser || return_path.is_some()
}

/// The name and content of the cookie that binds an authorisation to the browser that gets it; `None` where anybody may
/// finish it who has its address. Made anew for a repeated request.
pub(crate) fn browser_proof(app: &App, return_path: Option<&str>, authorization_url: &str) -> Option<(String, String)> {
    let hash = state_hash(&state_of(authorization_url).filter(|_| is_bound(app, return_path))?);
    let proof = app.sealer.seal(&browser_context(&hash), b"");
    Some((browser_cookie(&hash), URL_SAFE_NO_PAD.encode(proof)))
}

/// Whether the cookie's content is the one that was given out for the state.
pub(super) fn is_proven(app: &App, state_hash: &[u8], proof: Option<&str>) -> bool {
    let sealed = proof.and_then(|proof| URL_SAFE_NO_PAD.decode(proof).ok());
    sealed.is_some_and(|sealed| app.sealer.open(&browser_context(state_hash), &sealed).is_ok())
}

/// Where providers send browsers back to.
pub(super) fn redirect_uri(app: &App) -> String {
    format!("{}{CALLBACK}", app.public_url)
}
