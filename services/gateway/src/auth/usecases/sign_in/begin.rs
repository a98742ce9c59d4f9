//! Sends a browser to the tenant's identity provider.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use common::{DateTime, TenantId, UserId};
use db::{Connection, DbError};
use outbound::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::domain::secret::{FLOW_TOKEN, STATE, Secret};
use crate::auth::oidc::{Metadata, ProviderError};
use crate::auth::store::sign_in_flows::{self, NewFlow};
use crate::auth::store::sign_in_providers::{self, ProviderRow};

/// How long the browser may be away.
const LIFE: Duration = Duration::minutes(10);
/// What is asked for.
const SCOPE: &str = "openid email profile";

/// Why nobody is sent away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// The tenant has no provider that lets anybody in, or there is no such tenant.
    #[error("there is no provider")]
    NoProvider,
    /// What the provider publishes cannot be had or used.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Who goes, and where they come back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving<'a> {
    pub redirect_uri: &'a str,
    /// The signed-in person who links their account.
    pub linking_user: Option<UserId>,
    /// Whom the provider may suggest.
    pub login_hint: Option<&'a str>,
}

/// Where to go, and what to come back with.
#[derive(Debug)]
pub(crate) struct Begun {
    pub authorization_url: String,
    pub flow_token: Secret,
    pub expires_at: DateTime,
}

/// What only we know of a sign-in under way.
#[derive(Serialize, Deserialize)]
pub(super) struct FlowSecrets {
    pub(super) verifier: String,
    pub(super) nonce: String,
}

/// The tenant's provider, if it lets anybody in.
pub(crate) async fn find_provider(connection: &mut Connection, tenant: TenantId) -> Result<ProviderRow, BeginError> {
    let row = sign_in_providers::find(connection, tenant).await?;
    row.filter(|row| row.enabled).ok_or(BeginError::NoProvider)
}

/// Remembers a sign-in that begins.
pub(crate) async fn begin(
    connection: &mut Connection,
    app: &App,
    (provider, metadata): (&ProviderRow, &Metadata),
    leaving: Leaving<'_>,
    now: DateTime,
) -> Result<Begun, BeginError> {
    let (state, flow_token) = (Secret::generate(STATE), Secret::generate(FLOW_TOKEN));
    let random = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let secrets = FlowSecrets { verifier: random(), nonce: random() };
    let plain = Zeroizing::new(serde_json::to_vec(&secrets).unwrap_or_default());
    let state_hash = state.hash();
    let flow = NewFlow {
        state_hash: &state_hash,
        browser_hash: &flow_token.hash(),
        tenant: TenantId(provider.tenant_id),
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        redirect_uri: leaving.redirect_uri,
        secrets_sealed: &app.sealer.seal(&purpose(&state_hash), &plain),
        linking_user: leaving.linking_user,
        expires_at: now + LIFE,
    };
    sign_in_flows::insert(connection, &flow).await?;
    let mut url = Url::parse(&metadata.authorization_endpoint)
        .map_err(|_| ProviderError::Metadata("its authorization endpoint has no address"))?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("scope", SCOPE)
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", leaving.redirect_uri)
        .append_pair("state", state.expose())
        .append_pair("nonce", &secrets.nonce)
        .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.verifier.as_bytes())))
        .append_pair("code_challenge_method", "S256");
    if let Some(hint) = leaving.login_hint {
        url.query_pairs_mut().append_pair("login_hint", hint);
    }
    Ok(Begun { authorization_url: url.into(), flow_token, expires_at: flow.expires_at })
}

/// What a sign-in's secrets are sealed for.
pub(super) fn purpose(state_hash: &[u8; 32]) -> String {
    format!("sign-in-flow/{}", URL_SAFE_NO_PAD.encode(state_hash))
}
