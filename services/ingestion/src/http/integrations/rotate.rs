//! `POST /integrations/{id}/secret/rotate`

use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::error_code::ErrorBody;
use common::{DateTime, IntegrationId, TenantId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, IfMatch, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::domain::secret::sealing_context;
use crate::usecases::rotate_secret::{Rotation, rotate_secret as rotate};

const MAX_GRACE_SECONDS: u32 = 604_800;
const DEFAULT_GRACE_SECONDS: u32 = 86_400;

/// How to rotate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// How long the previous secret verifies as well; a day when left out.
    #[serde(default = "default_grace")]
    #[schema(minimum = 0, maximum = 604_800, default = 86_400)]
    grace_seconds: u32,
    /// Rotate although the previous secret still verifies; it ends at once then.
    #[serde(default)]
    force: bool,
}

const fn default_grace() -> u32 {
    DEFAULT_GRACE_SECONDS
}

impl Check for RotateSecret {
    fn check(&self) -> Vec<Violation> {
        if self.grace_seconds <= MAX_GRACE_SECONDS {
            return Vec::new();
        }
        let message = format!("must be from 0 to {MAX_GRACE_SECONDS}");
        vec![Violation::new("graceSeconds", "range", message)]
    }
}

/// The new secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RotatedSecretResponse {
    /// What to sign with from now on; shown only here.
    secret: String,
    /// Until when the previous secret verifies as well.
    previous_secret_expires_at: Option<DateTime>,
    version: i32,
}

/// Replaces a source's secret. Both verify until the previous one expires.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/secret/rotate", tag = "integrations", operation_id = "rotate_secret",
    params(
        ("id" = IntegrationId, Path, description = "The integration."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = RotateSecret,
    responses(
        (status = 200, description = "Rotated.", body = RotatedSecretResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`rotation_in_progress`: the previous secret still verifies.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn rotate_secret(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    IfMatch(expected): IfMatch,
    body: Lenient<RotateSecret>,
) -> Result<Reply, ApiError> {
    let rotation = Rotation { grace_seconds: body.content.grace_seconds, force: body.content.force };
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let integration = rotate(connection, &app, &caller.cause, (id, expected), rotation).await?;
                let response = RotatedSecretResponse {
                    secret: STANDARD.encode(&integration.secret_sealed),
                    previous_secret_expires_at: integration.previous_secret_expires_at,
                    version: integration.version,
                };
                Ok(Reply::ok(&response).version(integration.version))
            })
            .await
        })
        .await?;
    app.sources.forget(id).await;
    reply.try_map_body(|body| show_secret(&app, (caller.tenant(), id), body))
}

/// The answer that is kept for a repetition holds the secret in its sealed form, which is opened on the way out.
fn show_secret(app: &App, (tenant, id): (TenantId, IntegrationId), body: &str) -> Result<String, ApiError> {
    let mut body: Value = serde_json::from_str(body).map_err(ApiError::internal)?;
    let shown = &mut body["secret"];
    let sealed = STANDARD.decode(shown.as_str().unwrap_or_default()).map_err(ApiError::internal)?;
    let secret = app.sealer.open(&sealing_context(tenant, id), &sealed).map_err(ApiError::internal)?;
    *shown = Value::String(String::from_utf8_lossy(&secret).into_owned());
    Ok(body.to_string())
}
