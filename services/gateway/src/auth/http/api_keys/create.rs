//! `POST /auth/api-keys`.

use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{DateTime, Permission, Role, TenantId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use settings::Sealer;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use crate::app::App;
use crate::auth::http::views::ApiKeyView;
use crate::auth::usecases::create_api_key::{self, ApiKeyInput};
use crate::tenants::domain::check_name;

/// What the key is for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateApiKeyRequest {
    /// What it is called.
    name: String,
    /// What it may do at most.
    role: Role,
    /// What to narrow it to, such as `records:write`.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// When it ends by itself.
    #[serde(default)]
    expires_at: Option<DateTime>,
}

/// A new key, shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    api_key: ApiKeyView,
    /// To be sent as `Authorization: Bearer …`.
    key: String,
}

impl Check for CreateApiKeyRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_name(&mut found, "name", &self.name);
        for (index, scope) in self.scopes.iter().flatten().enumerate() {
            if Permission::parse(scope).is_none_or(|permission| !self.role.grants(permission)) {
                let message = format!("must be one of the permissions of the role {}", self.role.as_str());
                found.push(Violation::new(format!("scopes[{index}]"), "scope", message));
            }
            if self.scopes.iter().flatten().take(index).any(|earlier| earlier == scope) {
                found.push(Violation::new(format!("scopes[{index}]"), "unique", "is there already; remove it"));
            }
        }
        if self.scopes.as_ref().is_some_and(Vec::is_empty) {
            found.push(Violation::new("scopes", "min_length", "must name a permission; leave it out for all"));
        }
        found
    }
}

/// Makes an API key. It can do no more than its maker.
#[utoipa::path(
    post, path = "/api/v1/auth/api-keys", tag = "auth", request_body = CreateApiKeyRequest,
    responses(
        (status = 201, body = CreatedApiKey, description = "The key; `key` is never shown again"),
        (status = 403, description = "`forbidden`: the key would have a permission that its maker has not"),
        (status = 409, description = "`conflict`: the tenant has as many keys as it may have"),
        (status = 422, description = "`validation_failed`; an API key cannot make one that outlives it"),
    )
)]
pub(crate) async fn create_api_key(
    app: Data<App>,
    caller: Caller,
    body: Body<CreateApiKeyRequest>,
) -> Result<Reply, ApiError> {
    let Body { content, idempotency } = body;
    let CreateApiKeyRequest { name, role, scopes, expires_at } = content;
    if expires_at.is_some_and(|end| end <= caller.cause.at) {
        return Err(ApiError::validation(&[Violation::new("expiresAt", "future", "must be in the future")]));
    }
    let input = ApiKeyInput { name, role, scopes, expires_at };
    let sealed = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let (identity, cause) = (&caller.identity, &caller.cause);
                let (row, secret) = create_api_key::create_api_key(connection, &app, identity, cause, input).await?;
                let key = STANDARD.encode(app.sealer.seal(&purpose(caller.tenant()), secret.expose().as_bytes()));
                Ok(Reply::created(&CreatedApiKey { api_key: row.into(), key }))
            })
            .await
        })
        .await?;
    // The answer is kept for whoever repeats the request, so it is kept with the key sealed.
    sealed.try_map_body(|body| open_key(&app.sealer, caller.tenant(), body))
}

fn purpose(tenant: TenantId) -> String {
    format!("{tenant}/api-key-answer")
}

fn open_key(sealer: &Sealer, tenant: TenantId, body: &str) -> Result<String, ApiError> {
    let mut answer: Map<String, Value> = serde_json::from_str(body).map_err(ApiError::internal)?;
    let sealed = answer.get("key").and_then(Value::as_str).unwrap_or_default();
    let sealed = STANDARD.decode(sealed).map_err(ApiError::internal)?;
    let key = sealer.open(&purpose(tenant), &sealed).map_err(ApiError::internal)?;
    answer.insert("key".to_owned(), String::from_utf8_lossy(&key).into());
    serde_json::to_string(&answer).map_err(ApiError::internal)
}
