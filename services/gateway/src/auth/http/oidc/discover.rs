//! `GET /auth/oidc/discover`.

use actix_web::web::Data;
use common::TenantId;
use common::page::Page;
use db::DbError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Query, Reply};

use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::domain::identity_provider::domain_of;
use crate::auth::store::sign_in_providers;

/// Who wants to sign in.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiscoverQuery {
    /// Their e-mail address; only its domain is looked at.
    email: String,
}

/// A tenant whose identity provider lets addresses of that domain in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInWay {
    /// The tenant.
    tenant_id: TenantId,
    /// What it is called.
    tenant_name: String,
    /// Whether its members have to use the provider.
    required: bool,
}

/// Tells which tenants let addresses of a domain in through their identity provider. Only domains that a tenant proved
/// to be its own count, and whether there is such an account is not told.
#[utoipa::path(
    get, path = "/api/v1/auth/oidc/discover", tag = "auth", params(DiscoverQuery),
    responses(
        (status = 200, body = Vec<SignInWay>, description = "The tenants, those first that proved the domain first; mostly none"),
        (status = 400, description = "`invalid_request`"),
    )
)]
pub(crate) async fn discover_sign_in(app: Data<App>, query: Query<DiscoverQuery>) -> Result<Reply, ApiError> {
    let email = Email::parse(&query.0.email);
    let email =
        email.ok_or_else(|| ApiError::invalid_request("email must be an e-mail address.").with("field", "email"))?;
    let ways = match domain_of(&email) {
        Some(domain) => {
            app.db
                .system(async |connection| Ok::<_, DbError>(sign_in_providers::ways_of(connection, &domain).await?))
                .await?
        }
        None => Vec::new(),
    };
    let ways = ways.into_iter().map(|way| SignInWay {
        tenant_id: TenantId(way.tenant_id),
        tenant_name: way.name,
        required: way.required,
    });
    Ok(Reply::page(Page::whole(ways.collect::<Vec<_>>())))
}
