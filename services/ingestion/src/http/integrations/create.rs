//! `POST /integrations`

use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{IntegrationId, TenantId, Violation};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::IntegrationResponse;
use crate::app::App;
use crate::domain::secret::sealing_context;
use crate::usecases::connect_integration::{ConnectIntegration, connect_integration};

/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 200;

/// A source to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateIntegration {
    /// A provider of the catalogue.
    provider: String,
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What differs from the provider's way to sign: an object of its `configurable` fields.
    #[serde(default)]
    config: Option<Value>,
    /// Which places of the body become which fields; null for the provider's default.
    #[serde(default)]
    mapping: Option<Value>,
}

impl Check for CreateIntegration {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, "name", &self.name, 1, MAX_NAME);
        found
    }
}

/// Connects a source. The answer shows its secret, which no other answer does.
#[utoipa::path(
    post, path = "/api/v1/integrations", tag = "integrations", operation_id = "create_integration",
    request_body = CreateIntegration,
    responses(
        (status = 201, description = "Connected, with `webhook.secret`.", body = IntegrationResponse),
        (status = 409, description = "`integration_exists`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn create_integration(
    app: Data<App>,
    caller: Caller,
    body: Body<CreateIntegration>,
) -> Result<Reply, ApiError> {
    let CreateIntegration { provider, name, config, mapping } = body.content;
    let input = ConnectIntegration { provider, name, config, mapping };
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let integration = connect_integration(connection, &app, &caller.cause, input).await?;
                let version = integration.version;
                let sealed = STANDARD.encode(&integration.secret_sealed);
                let response = IntegrationResponse::new(&app, integration).with_secret(sealed);
                Ok(Reply::created(&response).version(version))
            })
            .await
        })
        .await?;
    reply.try_map_body(|body| show_secret(&app, caller.tenant(), body))
}

/// The answer that is kept for a repetition holds the secret in its sealed form, which is opened on the way out.
fn show_secret(app: &App, tenant: TenantId, body: &str) -> Result<String, ApiError> {
    let mut body: Value = serde_json::from_str(body).map_err(ApiError::internal)?;
    let id = body["id"].as_str().unwrap_or_default().parse::<IntegrationId>().map_err(ApiError::internal)?;
    let shown = &mut body["webhook"]["secret"];
    let sealed = STANDARD.decode(shown.as_str().unwrap_or_default()).map_err(ApiError::internal)?;
    let secret = app.sealer.open(&sealing_context(tenant, id), &sealed).map_err(ApiError::internal)?;
    *shown = Value::String(String::from_utf8_lossy(&secret).into_owned());
    Ok(body.to_string())
}
