//! A tenant's sources, and the catalogue of what they may be.

pub(crate) mod apply_mapping;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod health;
pub(crate) mod list;
pub(crate) mod providers;
pub(crate) mod revoke_previous;
pub(crate) mod rotate;
pub(crate) mod show;
pub(crate) mod test_mapping;
pub(crate) mod update;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};
use common::{DateTime, IntegrationId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::integration::{Integration, IntegrationStatus};
use crate::domain::provider::Auth;
use crate::http::oauth::ConnectionResponse;
use crate::store::oauth::ConnectionRow;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/integrations/providers", "GET").route(web::get().to(providers::list_providers)))
        .service(
            resource("/api/v1/integrations", "GET, POST")
                .route(web::get().to(list::list_integrations))
                .route(web::post().to(create::create_integration)),
        )
        .service(
            resource("/api/v1/integrations/{id}", "GET, PATCH, DELETE")
                .route(web::get().to(show::show_integration))
                .route(web::patch().to(update::update_integration))
                .route(web::delete().to(delete::delete_integration)),
        )
        .service(
            resource("/api/v1/integrations/{id}/health", "GET").route(web::get().to(health::show_integration_health)),
        )
        .service(
            resource("/api/v1/integrations/{id}/secret/rotate", "POST").route(web::post().to(rotate::rotate_secret)),
        )
        .service(
            resource("/api/v1/integrations/{id}/secret/revoke-previous", "POST")
                .route(web::post().to(revoke_previous::revoke_previous_secret)),
        )
        .service(
            resource("/api/v1/integrations/{id}/mapping/test", "POST")
                .route(web::post().to(test_mapping::test_mapping)),
        )
        .service(
            resource("/api/v1/integrations/{id}/mapping/apply", "POST")
                .route(web::post().to(apply_mapping::apply_mapping)),
        );
}

/// A source of records.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationResponse {
    id: IntegrationId,
    /// The catalogue entry.
    provider: String,
    name: String,
    /// A paused source accepts and holds.
    status: IntegrationStatus,
    /// What differs from the provider's way to sign.
    config: Value,
    /// Null means the provider's default.
    mapping: Option<Value>,
    webhook: WebhookResponse,
    /// Until when the secret before the last rotation verifies as well; null when there is none.
    previous_secret_expires_at: Option<DateTime>,
    /// How the connection of a source that is asked stands; null for one that only delivers.
    connection: Option<ConnectionResponse>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

/// Where the source delivers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookResponse {
    /// The address to POST to.
    url: String,
    /// What to sign with; shown only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl IntegrationResponse {
    fn new(app: &App, integration: Integration) -> Self {
        let Integration { id, provider, .. } = &integration;
        let is_asked = app.catalogue.find(provider).is_some_and(|known| known.auth == Auth::Oauth2);
        let url = format!("{}/api/v1/integrations/webhooks/{provider}/{id}", app.public_url);
        Self {
            id: integration.id,
            provider: integration.provider,
            name: integration.name,
            status: integration.status,
            config: integration.config,
            mapping: integration.mapping,
            webhook: WebhookResponse { url, secret: None },
            previous_secret_expires_at: integration.previous_secret_expires_at,
            connection: is_asked.then(ConnectionResponse::never),
            version: integration.version,
            created_at: integration.created_at,
            updated_at: integration.updated_at,
        }
    }

    /// With how its connection stands; none was ever made when there is no row.
    fn connected(mut self, row: Option<ConnectionRow>) -> Self {
        self.connection = row.map(ConnectionResponse::from).or(self.connection);
        self
    }

    fn with_secret(mut self, secret: String) -> Self {
        self.webhook.secret = Some(secret);
        self
    }
}
