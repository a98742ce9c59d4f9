//! Connections of sources to providers that are asked with OAuth 2.0.

pub(crate) mod authorize;
pub(crate) mod callback;
pub(crate) mod disconnect;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};
use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::oauth::ConnectionStatus;
use crate::store::oauth::ConnectionRow;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/api/v1/integrations/oauth/callback", "GET").route(web::get().to(callback::finish_authorization)),
        )
        .service(
            resource("/api/v1/integrations/{id}/oauth/authorize", "POST")
                .route(web::post().to(authorize::authorize_integration)),
        )
        .service(
            resource("/api/v1/integrations/{id}/oauth/disconnect", "POST")
                .route(web::post().to(disconnect::disconnect_integration)),
        );
}

/// How a source's connection to its provider stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionResponse {
    status: ConnectionStatus,
    /// What the provider granted, when it says so.
    scope: Option<String>,
    /// When the access token ends; it is refreshed before.
    expires_at: Option<DateTime>,
    /// Why it needs to be authorised again.
    error: Option<String>,
}

impl ConnectionResponse {
    /// That of a source which nobody authorised yet.
    pub(crate) const fn never() -> Self {
        Self { status: ConnectionStatus::Disconnected, scope: None, expires_at: None, error: None }
    }
}

impl From<ConnectionRow> for ConnectionResponse {
    fn from(row: ConnectionRow) -> Self {
        Self { status: row.status(), scope: row.scope, expires_at: row.expires_at, error: row.error }
    }
}
