//! Sets a tenant's identity provider up, or changes it.

use common::event::{Cause, Event, SignInConfigured};
use common::{Identity, Permission, Role, SessionId, Violation};
use db::{Connection, DbError};
use settings::{ExposeSecret as _, SecretString};

use super::{purpose, told};
use crate::app::App;
use crate::auth::domain::identity_provider::{SecondFactorRule, normal_domain};
use crate::auth::domain::secret::Secret;
use crate::auth::oidc::ProviderError;
use crate::auth::store::sessions;
use crate::auth::store::sign_in_providers::{self, DomainRow, NewProvider, ProviderRow};
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::tenants::store::role_of;

/// How a domain's challenge begins.
const CHALLENGE: &str = "verdict-sign-in=";

/// What to set; what is `None` stays, or is what a new provider begins with.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderChange {
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub domains: Option<Vec<String>>,
    pub default_role: Option<Role>,
    pub second_factor: Option<SecondFactorRule>,
    pub session_hours: Option<i32>,
    pub enabled: Option<bool>,
    pub required: Option<bool>,
    /// The version that the caller read.
    pub expected: Option<i32>,
}

/// Why nothing was set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigureError {
    /// There is none yet, and it cannot be made of this.
    #[error("a provider cannot be made of this")]
    Invalid(Vec<Violation>),
    /// Somebody else changed it since.
    #[error("the provider has version {0} by now")]
    VersionConflict(i32),
    /// What the provider publishes cannot be had or used.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The caller may not do it any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What came of it.
pub(crate) struct Configured {
    pub provider: ProviderRow,
    pub domains: Vec<DomainRow>,
    /// Sessions that ended, since they were opened by what is no way in any more.
    pub ended: Vec<SessionId>,
}

/// Sets the cause's tenant's provider and tells it. That the issuer answers was found before.
pub(crate) async fn configure(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    change: ProviderChange,
) -> Result<Configured, ConfigureError> {
    confirm_caller(connection, caller, Permission::OwnersWrite).await?;
    let tenant = cause.tenant_id;
    let present = sign_in_providers::find(connection, tenant).await?;
    let version = present.as_ref().map_or(0, |row| row.version);
    if change.expected.is_some_and(|expected| expected != version) {
        return Err(ConfigureError::VersionConflict(version));
    }
    let before = sign_in_providers::domains(connection, tenant).await?;
    let was = present.as_ref().map(|row| told(row, &before)).transpose()?;
    let secret_changed = change.client_secret.is_some();
    let (client, sealed) = client(app, &change, present.as_ref(), cause)?;
    let (issuer, client_id) = client;
    let kept = |row: &ProviderRow| SecondFactorRule::parse(&row.second_factor);
    let second_factor = change.second_factor.or(present.as_ref().and_then(kept)).unwrap_or(SecondFactorRule::Provider);
    let default_role = match (change.default_role, &present) {
        (Some(role), _) => role,
        (None, Some(row)) => role_of(&row.default_role)?,
        (None, None) => Role::Analyst,
    };
    let new = NewProvider {
        tenant,
        issuer: &issuer,
        client_id: &client_id,
        client_secret_sealed: &sealed,
        default_role,
        second_factor: second_factor.as_str(),
        session_hours: change.session_hours.or(present.as_ref().map(|row| row.session_hours)).unwrap_or(12),
        enabled: change.enabled.or(present.as_ref().map(|row| row.enabled)).unwrap_or(true),
        required: change.required.or(present.as_ref().map(|row| row.required)).unwrap_or(false),
        at: cause.at,
    };
    let provider = sign_in_providers::set(connection, new).await?;
    if let Some(domains) = change.domains {
        set_domains(connection, app, cause, &domains).await?;
    }
    let domains = sign_in_providers::domains(connection, tenant).await?;
    // Sessions last as long as what opened them is a way in.
    let was_other = |row: &ProviderRow| {
        row.enabled && (!provider.enabled || row.issuer != provider.issuer || row.client_id != provider.client_id)
    };
    let ended = if present.as_ref().is_some_and(was_other) {
        sessions::revoke_confined(connection, tenant, cause.at).await?
    } else {
        Vec::new()
    };
    let after = told(&provider, &domains)?;
    let told = SignInConfigured { tenant_id: tenant, before: was, after, secret_changed };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(Configured { provider, domains, ended: ended.iter().map(|session| SessionId(session.id)).collect() })
}

/// Issuer and client id, with the secret sealed: those given, else those there are. A secret is its issuer's and
/// client's: it is not sent to another.
fn client(
    app: &App,
    change: &ProviderChange,
    present: Option<&ProviderRow>,
    cause: &Cause,
) -> Result<((String, String), Vec<u8>), ConfigureError> {
    let mut found = Vec::new();
    let mut needed = |path: &str, given: Option<String>| {
        given.unwrap_or_else(|| {
            found.push(Violation::new(path, "required", "is needed to set a provider up; add it"));
            String::new()
        })
    };
    let issuer = needed("issuer", change.issuer.clone().or_else(|| Some(present?.issuer.clone())));
    let client_id = needed("clientId", change.client_id.clone().or_else(|| Some(present?.client_id.clone())));
    let same = present.filter(|row| row.issuer == issuer && row.client_id == client_id);
    let sealed = match (&change.client_secret, same) {
        (Some(secret), _) => Some(app.sealer.seal(&purpose(cause.tenant_id), secret.expose_secret().as_bytes())),
        (None, Some(row)) => Some(row.client_secret_sealed.clone()),
        (None, None) => None,
    };
    if sealed.is_none() {
        needed("clientSecret", None);
    }
    match sealed {
        Some(sealed) if found.is_empty() => Ok(((issuer, client_id), sealed)),
        _ => Err(ConfigureError::Invalid(found)),
    }
}

async fn set_domains(connection: &mut Connection, app: &App, cause: &Cause, domains: &[String]) -> Result<(), DbError> {
    let mut domains: Vec<String> = domains.iter().filter_map(|domain| normal_domain(domain)).collect();
    domains.sort_unstable();
    domains.dedup();
    let challenges: Vec<String> = domains.iter().map(|_| Secret::generate(CHALLENGE).expose().to_owned()).collect();
    let proven_at = (!app.providers.asks_for_proof()).then_some(cause.at);
    sign_in_providers::set_domains(connection, cause.tenant_id, &domains, &challenges, proven_at).await
}
