//! Connecting a source.

use common::event::{Cause, Event, IntegrationConnected};
use common::{IntegrationId, Violation};
use db::{Connection, DbError};
use outbound::Outbound;
use serde_json::{Value, json};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::{Integration, IntegrationStatus};
use crate::domain::mapping::Mapping;
use crate::domain::provider::{Catalogue, Provider};
use crate::domain::secret::sealing_context;
use crate::store;

/// A source to connect.
#[derive(Debug)]
pub(crate) struct ConnectIntegration {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) config: Option<Value>,
    pub(crate) mapping: Option<Value>,
}

/// Why a source was not connected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectIntegrationError {
    #[error("provider, config or mapping cannot be used")]
    Invalid(Vec<Violation>),
    #[error("the tenant has an integration named {0:?}")]
    NameTaken(String),
    #[error("the plan {plan} has {limit} sources, and they are connected")]
    Exhausted { limit: i64, plan: String },
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Stores the integration with a new secret, which is only ever shown now.
pub(crate) async fn connect_integration(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    input: ConnectIntegration,
) -> Result<Integration, ConnectIntegrationError> {
    let provider =
        app.catalogue.find(&input.provider).ok_or_else(|| unknown_provider(app.catalogue, &input.provider))?;
    let config = input.config.unwrap_or_else(|| json!({}));
    check(&app.outbound, provider, &config, input.mapping.as_ref()).map_err(ConnectIntegrationError::Invalid)?;
    if let Some((limit, plan)) = store::quotas::sources_exhausted(connection, cause.tenant_id).await? {
        return Err(ConnectIntegrationError::Exhausted { limit, plan });
    }
    let id = IntegrationId::generate();
    let secret = provider.secret.generate();
    let integration = Integration {
        id,
        tenant_id: cause.tenant_id,
        provider: input.provider,
        name: input.name,
        status: IntegrationStatus::Active,
        config,
        mapping: input.mapping,
        secret_sealed: app.sealer.seal(&sealing_context(cause.tenant_id, id), secret.as_bytes()),
        previous_secret_sealed: None,
        previous_secret_expires_at: None,
        version: 1,
        created_at: cause.at,
        updated_at: cause.at,
    };
    if !store::integrations::insert(connection, &integration).await? {
        return Err(ConnectIntegrationError::NameTaken(integration.name));
    }
    let connected = IntegrationConnected {
        integration_id: id,
        provider: integration.provider.clone(),
        name: integration.name.clone(),
    };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &connected)]).await?;
    Ok(integration)
}

/// Everything that is wrong with a source's settings.
pub(super) fn check(
    outbound: &Outbound,
    provider: &Provider,
    config: &Value,
    mapping: Option<&Value>,
) -> Result<(), Vec<Violation>> {
    let mut violations = Vec::new();
    violations.extend(provider.scheme(config).err().unwrap_or_default());
    match provider.pull_source(config) {
        None => {}
        Some(Err(found)) => violations.extend(found),
        Some(Ok((oauth, plan))) => {
            let first = plan.page_url(None).map(String::from).unwrap_or_default();
            for (field, url) in [
                ("oauth2.authorizationUrl", oauth.authorization_url.as_str()),
                ("oauth2.tokenUrl", oauth.token_url.as_str()),
                ("pull.url", first.as_str()),
            ] {
                if let Err(error) = outbound.check(url) {
                    violations.push(Violation::new(format!("config.{field}"), "address", error.to_string()));
                }
            }
        }
    }
    violations.extend(mapping.and_then(|mapping| Mapping::compile(mapping).err()).unwrap_or_default());
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

fn unknown_provider(catalogue: &Catalogue, name: &str) -> ConnectIntegrationError {
    let known: Vec<&str> = catalogue.all().iter().map(|provider| provider.provider.as_str()).collect();
    let message = format!("{name:?} is not in the catalogue; choose one of {}", known.join(", "));
    ConnectIntegrationError::Invalid(vec![Violation::new("provider", "unknown_provider", message)])
}
