//! `POST /integrations/{id}/secret/revoke-previous`

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, IfMatch, Lenient, Path, Reply, idempotent};

use super::IntegrationResponse;
use crate::app::App;
use crate::usecases::rotate_secret::revoke_previous;

/// Revoking takes no field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokePreviousSecret {}

impl Check for RevokePreviousSecret {}

/// Ends the secret before the last rotation at once.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/secret/revoke-previous", tag = "integrations",
    operation_id = "revoke_previous_secret",
    params(
        ("id" = IntegrationId, Path, description = "The integration."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = RevokePreviousSecret,
    responses(
        (status = 200, description = "Only the present secret verifies.", body = IntegrationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn revoke_previous_secret(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    IfMatch(expected): IfMatch,
    body: Lenient<RevokePreviousSecret>,
) -> Result<Reply, ApiError> {
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let integration = revoke_previous(connection, &app, &caller.cause, (id, expected)).await?;
                let version = integration.version;
                Ok(Reply::ok(&IntegrationResponse::new(&app, integration)).version(version))
            })
            .await
        })
        .await?;
    app.sources.forget(id).await;
    Ok(reply)
}
