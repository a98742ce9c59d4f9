//! OAuth 2.0 as a client: what a connection is configured with, and the authorization request with PKCE.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{DateTime, IntegrationId, TenantId};
use outbound::Url;
use serde::{Deserialize, Serialize};
use settings::SecretString;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// How long an authorisation may take, in minutes.
pub(crate) const STATE_MINUTES: i64 = 10;
/// Parameters that are this module's own to set.
const OWN: [&str; 7] =
    ["response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method"];

/// `config.oauth2`. It holds no secret: config is shown to everybody who may read the source.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OauthConfig {
    pub(crate) authorization_url: String,
    pub(crate) token_url: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    #[serde(default)]
    pub(crate) client_auth: ClientAuth,
    /// Further parameters of the authorization request, such as `access_type`.
    #[serde(default)]
    pub(crate) authorize_params: BTreeMap<String, String>,
}

/// How the client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAuth {
    /// `client_secret_basic`.
    #[default]
    Basic,
    /// `client_secret_post`.
    Post,
    /// A public client, for which PKCE alone speaks.
    None,
}

/// How a connection to the provider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConnectionStatus {
    /// Tokens are there and were not refused.
    Connected,
    /// The provider refused them; authorise again.
    NeedsReconnect,
    /// Nobody authorised it, or somebody took it back.
    Disconnected,
}

impl ConnectionStatus {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Disconnected => "disconnected",
        }
    }

    /// The status of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Connected, Self::NeedsReconnect, Self::Disconnected].into_iter().find(|status| status.as_str() == name)
    }
}

/// The secrets of one authorisation.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Sent to the provider, and back.
    pub(crate) state: String,
    /// Kept until the exchange.
    pub(crate) verifier: String,
}

impl Attempt {
    /// New random ones of 256 bits each.
    pub(crate) fn generate() -> Self {
        let random = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        Self { state: random(), verifier: random() }
    }

    /// Where to send the person's browser. `None` when the configured address is no URL.
    pub(crate) fn authorization_url(&self, config: &OauthConfig, redirect_uri: &str) -> Option<String> {
        let mut url = Url::parse(&config.authorization_url).ok()?;
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in config.authorize_params.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
                query.append_pair(name, value);
            }
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &config.client_id)
                .append_pair("redirect_uri", redirect_uri)
                .append_pair("state", &self.state)
                .append_pair("code_challenge", &challenge(&self.verifier))
                .append_pair("code_challenge_method", "S256");
            if !config.scopes.is_empty() {
                query.append_pair("scope", &config.scopes.join(" "));
            }
        }
        Some(url.into())
    }
}

/// PKCE's S256 (RFC 7636, 4.2).
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// What a state is stored as, so that reading the table finishes nobody's authorisation.
pub(crate) fn state_hash(state: &str) -> Vec<u8> {
    Sha256::digest(state).to_vec()
}

/// What a provider granted.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) expires_at: Option<DateTime>,
    pub(crate) scope: Option<String>,
}

/// What secrets of a connection are sealed for.
pub(crate) fn sealing_context(tenant: TenantId, integration: IntegrationId, what: Sealed) -> String {
    let what = match what {
        Sealed::Verifier => "oauth-verifier",
        Sealed::Client => "oauth-client",
        Sealed::Tokens => "oauth-tokens",
    };
    format!("{tenant}/{integration}/{what}")
}

/// The kinds of sealed things.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sealed {
    /// A PKCE verifier.
    Verifier,
    /// The client's secret.
    Client,
    /// Access and refresh token.
    Tokens,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn extra_parameters_cannot_take_the_place_of_the_own() {
        let config: OauthConfig = serde_json::from_value(serde_json::json!({
            "authorizationUrl": "https://idp.example/authorize?tenant=x", "tokenUrl": "https://idp.example/token",
            "clientId": "c d", "scopes": ["a", "b"], "authorizeParams": {"prompt": "consent", "state": "fixed"}}))
        .expect("a config");
        let attempt = Attempt { state: "s".into(), verifier: "v".into() };
        let url = attempt.authorization_url(&config, "https://verdict.example/cb").expect("a URL");
        let url = Url::parse(&url).expect("a URL");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let of =
            |name: &str| pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value).collect::<Vec<_>>();
        assert_eq!((of("state"), of("client_id"), of("scope")), (vec!["s"], vec!["c d"], vec!["a b"]));
        assert_eq!(
            (of("tenant"), of("prompt"), of("redirect_uri")),
            (vec!["x"], vec!["consent"], vec!["https://verdict.example/cb"])
        );
        assert_eq!((of("code_challenge_method"), of("code_challenge")), (vec!["S256"], vec![&*challenge("v")]));
    }

    #[test]
    fn attempts_are_never_alike() {
        let (one, other) = (Attempt::generate(), Attempt::generate());
        assert_eq!((one.state.len(), one.verifier.len()), (43, 43));
        assert!(one.state != other.state && one.verifier != other.verifier && one.state != one.verifier);
    }
}
