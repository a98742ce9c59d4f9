//! `PATCH /integrations/{id}`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{IntegrationId, Violation};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply, idempotent};

use super::IntegrationResponse;
use super::create::MAX_NAME;
use crate::app::App;
use crate::domain::integration::IntegrationStatus;
use crate::http::given::{given, nullable};
use crate::store;
use crate::usecases::change_integration::{IntegrationChange, change_integration};

/// What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateIntegration {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// `paused` accepts and holds; `active` releases what was held.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    status: Option<IntegrationStatus>,
    /// Replaces the whole object.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    config: Option<Value>,
    /// Null goes back to the provider's default.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Value>)]
    mapping: Option<Option<Value>>,
}

impl Check for UpdateIntegration {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(name) = &self.name {
            check_text(&mut found, "name", name, 1, MAX_NAME);
        }
        found
    }
}

/// Changes a source.
#[utoipa::path(
    patch, path = "/api/v1/integrations/{id}", tag = "integrations", operation_id = "update_integration",
    params(
        ("id" = IntegrationId, Path, description = "The integration."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = UpdateIntegration,
    responses(
        (status = 200, description = "The source after the change.", body = IntegrationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`integration_exists`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn update_integration(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    IfMatch(expected): IfMatch,
    body: Body<UpdateIntegration>,
) -> Result<Reply, ApiError> {
    let UpdateIntegration { name, status, config, mapping } = body.content;
    let change = IntegrationChange { name, status, config, mapping };
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let integration = change_integration(connection, &app, &caller.cause, (id, expected), change).await?;
                let version = integration.version;
                let row = store::oauth::connections(connection, caller.tenant(), &[id]).await?.pop();
                Ok(Reply::ok(&IntegrationResponse::new(&app, integration).connected(row)).version(version))
            })
            .await
        })
        .await?;
    app.sources.forget(id).await;
    app.resumed.notify_one();
    Ok(reply)
}
