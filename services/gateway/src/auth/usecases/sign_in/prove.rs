//! Finds out who came back from the identity provider. What the browser brought is spent by it, whatever comes of it.

use common::{DateTime, TenantId, UserId};
use db::DbError;
use settings::OpenError;

use super::begin::{FlowSecrets, purpose};
use crate::app::App;
use crate::auth::domain::id_token::{Expected, IdClaims};
use crate::auth::domain::secret;
use crate::auth::oidc::{Client, Grant, ProviderError};
use crate::auth::store::sign_in_flows::{self, FlowRow};
use crate::auth::store::sign_in_providers::{self, ProviderRow};

/// What the browser brought back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Returned<'a> {
    pub state: &'a str,
    pub flow_token: &'a str,
    pub code: &'a str,
    /// Who answered, if the provider says so (RFC 9207).
    pub iss: Option<&'a str>,
}

/// Somebody whom the provider vouches for.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    pub tenant: TenantId,
    pub claims: IdClaims,
    pub client_id: String,
    /// The signed-in person who began, to link their account.
    pub linking_user: Option<UserId>,
}

/// Why nobody is proven.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProveError {
    /// The state is unknown, used or too old, or another browser began.
    #[error("no such sign-in is under way")]
    State,
    /// The provider was changed or turned off meanwhile.
    #[error("the tenant's provider is another one by now")]
    Changed,
    /// Another provider answered.
    #[error("another provider answered")]
    MixedUp,
    /// The provider's answer cannot be used.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// What was sealed cannot be opened.
    #[error("a sign-in's secrets cannot be opened")]
    Sealed(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The sign-in that is answered, which is no longer under way then.
pub(crate) async fn take(app: &App, returned: Returned<'_>, now: DateTime) -> Result<FlowRow, ProveError> {
    let (state, browser) = (secret::hash(returned.state), secret::hash(returned.flow_token));
    let flow = app.db.system(async |connection| sign_in_flows::take(connection, &state, &browser).await).await?;
    flow.filter(|flow| now < flow.expires_at).ok_or(ProveError::State)
}

/// Asks the provider who it was. No transaction is open meanwhile.
pub(crate) async fn prove(
    app: &App,
    flow: &FlowRow,
    returned: Returned<'_>,
    now: DateTime,
) -> Result<Proven, ProveError> {
    let tenant = TenantId(flow.tenant_id);
    let provider = app.db.tenant(tenant, async |connection| sign_in_providers::find(connection, tenant).await).await?;
    let same = |row: &ProviderRow| row.enabled && row.issuer == flow.issuer && row.client_id == flow.client_id;
    let provider = provider.filter(same).ok_or(ProveError::Changed)?;
    let sealed = app.sealer.open(&purpose(&secret::hash(returned.state)), &flow.secrets_sealed)?;
    let secrets: FlowSecrets = serde_json::from_slice(&sealed).map_err(|_| OpenError::Malformed)?;
    let client_secret = app.sealer.open(&super::purpose(tenant), &provider.client_secret_sealed)?;
    let client =
        Client { id: provider.client_id.clone(), secret: String::from_utf8_lossy(&client_secret).into_owned().into() };
    let metadata = app.providers.metadata(&provider.issuer, now).await?;
    let must_name = metadata.authorization_response_iss_parameter_supported;
    if returned.iss.map_or(must_name, |iss| iss != provider.issuer) {
        return Err(ProveError::MixedUp);
    }
    let grant = Grant { code: returned.code, verifier: &secrets.verifier, redirect_uri: &flow.redirect_uri };
    let (id_token, access_token) = app.providers.exchange(&metadata, &client, grant).await?;
    let expected = |algorithm| Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: &secrets.nonce,
        access_token: access_token.as_deref(),
        algorithm,
    };
    let claims = app.providers.verify(&id_token, expected, &provider.issuer, now).await?;
    Ok(Proven { tenant, claims, client_id: provider.client_id, linking_user: flow.linking_user.map(UserId) })
}

impl ProveError {
    /// The reason that owners are told. A wrong state or code is none of theirs: anybody can make one up.
    pub(crate) const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Changed => Some("provider_changed"),
            Self::MixedUp => Some("mixed_up"),
            Self::Provider(ProviderError::Client(_)) => Some("client"),
            Self::Provider(ProviderError::Token(fault)) => Some(fault.as_str()),
            Self::State => None,
            Self::Provider(_) | Self::Sealed(_) | Self::Db(_) => None,
        }
    }
}
