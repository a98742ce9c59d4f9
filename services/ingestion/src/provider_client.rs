//! The calls to a source's provider: its token endpoint, and its pages. Everything goes through the guarded client.

use std::time::Duration;

use chrono::TimeDelta;
use common::DateTime;
use outbound::{Outbound, OutboundError, OutboundRequest, OutboundResponse, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use settings::{ExposeSecret as _, SecretString};

use crate::domain::oauth::{ClientAuth, Grant, OauthConfig};

/// Error codes of token endpoints that say nothing against the tokens.
const PASSING: [&str; 3] = ["temporarily_unavailable", "server_error", "slow_down"];
/// A token that is said to live longer is refreshed after this all the same, in seconds.
const MAX_LIFE: i64 = 90 * 86_400;

/// The token endpoint gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// It answered `invalid_grant` or the like; the same request will never be granted.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// It may not be called from here. The tokens are none the worse for it.
    #[error("the provider's token endpoint cannot be called: {0}")]
    NotCallable(String),
    /// It may answer later.
    #[error("the provider's token endpoint did not answer: {error}")]
    Unavailable { after: Option<Duration>, error: String },
}

/// A page did not come.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The token is not taken.
    Unauthorized,
    /// Later, and not before the time that the provider gave.
    Later { after: Option<Duration>, error: String },
    /// The same request will never be answered.
    Refused(String),
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: SecretString,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    expires_in: Option<Value>,
    #[serde(default)]
    scope: Option<String>,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// Exchanges a code for tokens.
pub(crate) async fn exchange(
    outbound: &Outbound,
    (config, client_secret): (&OauthConfig, Option<&SecretString>),
    (code, verifier, redirect_uri): (&str, &str, &str),
    now: DateTime,
) -> Result<Grant, TokenError> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    ask(outbound, config, client_secret, &fields, now).await
}

/// Exchanges a refresh token for new tokens.
pub(crate) async fn refresh(
    outbound: &Outbound,
    (config, client_secret): (&OauthConfig, Option<&SecretString>),
    refresh_token: &SecretString,
    now: DateTime,
) -> Result<Grant, TokenError> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
    ask(outbound, config, client_secret, &fields, now).await
}

async fn ask(
    outbound: &Outbound,
    config: &OauthConfig,
    client_secret: Option<&SecretString>,
    fields: &[(&str, &str)],
    now: DateTime,
) -> Result<Grant, TokenError> {
    let mut fields = fields.to_vec();
    match (config.client_auth, client_secret) {
        (ClientAuth::Basic, Some(_)) => {}
        (ClientAuth::Post, Some(secret)) => {
            fields.extend([("client_id", config.client_id.as_str()), ("client_secret", secret.expose_secret())]);
        }
        _ => fields.push(("client_id", &config.client_id)),
    }
    let failed = |error: &OutboundError| match error {
        OutboundError::Refused { .. } | OutboundError::InvalidUrl { .. } | OutboundError::InvalidRequest(_) => {
            TokenError::NotCallable(error.to_string())
        }
        _ => TokenError::Unavailable { after: None, error: error.to_string() },
    };
    let mut request = OutboundRequest::post_form(&config.token_url, &fields).map_err(|error| failed(&error))?;
    if let (ClientAuth::Basic, Some(secret)) = (config.client_auth, client_secret) {
        request = request.basic(&config.client_id, secret).map_err(|error| failed(&error))?;
    }
    let response = outbound.send(request).await.map_err(|error| failed(&error))?;
    read_tokens(&response, now)
}

fn read_tokens(response: &OutboundResponse, now: DateTime) -> Result<Grant, TokenError> {
    let status = response.status;
    let later = |error: String| TokenError::Unavailable { after: response.retry_after(now), error };
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(later(format!("it answered {status}")));
    }
    // Some providers answer 200 with an error inside.
    if let Ok(TokenRefusal { error, error_description }) = response.json() {
        let said = error_description.map_or_else(|| error.clone(), |description| format!("{error} ({description})"));
        return Err(if PASSING.contains(&error.as_str()) { later(said) } else { TokenError::Refused(said) });
    }
    // Without the standard's word for it, as from a proxy on the way, nobody has refused the tokens.
    if !status.is_success() {
        return Err(later(format!("it answered {status}")));
    }
    let tokens: TokenResponse = response.json().map_err(|error| later(error.to_string()))?;
    if tokens.token_type.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(TokenError::Refused("it grants no bearer token".into()));
    }
    let seconds = tokens.expires_in.as_ref().and_then(|life| life.as_i64().or_else(|| life.as_str()?.parse().ok()));
    let expires_at = seconds.map(|seconds| now + TimeDelta::seconds(seconds.clamp(0, MAX_LIFE)));
    Ok(Grant {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        expires_at,
        scope: tokens.scope,
    })
}

/// Fetches a page.
pub(crate) async fn fetch_page(
    outbound: &Outbound,
    url: &Url,
    token: &SecretString,
    now: DateTime,
) -> Result<OutboundResponse, PageError> {
    let failed = |error: OutboundError| {
        if error.is_transient() {
            PageError::Later { after: None, error: error.to_string() }
        } else {
            PageError::Refused(error.to_string())
        }
    };
    let request = OutboundRequest::get(url.as_str()).and_then(|request| request.bearer(token)).map_err(failed)?;
    let response = outbound.send(request).await.map_err(failed)?;
    let status = response.status;
    if status == StatusCode::UNAUTHORIZED {
        return Err(PageError::Unauthorized);
    }
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Err(PageError::Later {
            after: response.retry_after(now),
            error: format!("the provider answered {status}"),
        });
    }
    if !status.is_success() {
        return Err(PageError::Refused(format!("the provider answered {status}")));
    }
    Ok(response)
}
