//! What several calls of `auth` answer with.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use common::{DateTime, Role, TenantId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::store::api_keys::ApiKeyRow;
use crate::auth::store::users::UserRow;
use crate::auth::usecases::open_session::TokenPair;
use crate::tenants::http::views::{TenantEntry, TenantView};

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Their id.
    pub id: UserId,
    /// Their e-mail address, normalised.
    pub email: String,
    /// What they are called.
    pub name: String,
}

/// A pair of tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensView {
    /// To be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// To be exchanged for the next pair, once.
    pub refresh_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Life of the access token, in seconds.
    pub expires_in: i64,
}

/// A sign-in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedInView {
    #[serde(flatten)]
    pub tokens: TokensView,
    /// Who signed in.
    pub user: UserView,
    /// Into which tenant.
    pub tenant: TenantView,
    /// As what.
    pub role: Role,
    /// All of the person's tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<Vec<TenantEntry>>,
}

/// An API key, without the key itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyView {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// How the key begins, to tell keys apart.
    pub prefix: String,
    /// What it may do at most.
    #[schema(value_type = Role)]
    pub role: String,
    /// What it is narrowed to; null means all of the role's permissions.
    pub scopes: Option<Vec<String>>,
    /// Who made it.
    pub created_by: Uuid,
    /// When.
    pub created_at: DateTime,
    /// When it ends; null means when it is revoked.
    pub expires_at: Option<DateTime>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime>,
    /// The tenant that it works in.
    pub tenant_id: TenantId,
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self { id: UserId(row.id), email: row.email, name: row.name }
    }
}

impl From<TokenPair> for TokensView {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access_token,
            refresh_token: pair.refresh_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: pair.expires_in,
        }
    }
}

impl From<ApiKeyRow> for ApiKeyView {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            role: row.role,
            scopes: row.scopes,
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            tenant_id: TenantId(row.tenant_id),
        }
    }
}

/// The client as it names itself.
pub(crate) fn user_agent(request: &HttpRequest) -> Option<&str> {
    request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok())
}
