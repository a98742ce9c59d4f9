//! `PATCH /tenants/current/sign-in`.

use actix_web::web::Data;
use common::{Role, Violation};
use db::DbError;
use serde::Deserialize;
use settings::SecretString;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Reply};

use super::views::SignInView;
use crate::app::App;
use crate::auth::domain::identity_provider::{self as rules, SecondFactorRule};
use crate::auth::oidc::ProviderError;
use crate::auth::store::sign_in_providers;
use crate::auth::usecases::sign_in::configure::{self, ConfigureError, ProviderChange};

/// What to set; what is left out stays. To set a provider up, `issuer`, `clientId` and `clientSecret` are needed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SetSignInRequest {
    /// The provider's address as its tokens name it. It must publish its metadata below.
    #[serde(default)]
    issuer: Option<String>,
    /// What the provider calls us.
    #[serde(default)]
    client_id: Option<String>,
    /// The secret that it gave us; never shown again. Another issuer or client needs another.
    #[serde(default)]
    client_secret: Option<String>,
    /// E-mail domains whose people come in without an invite, once proven; at most 20.
    #[serde(default)]
    domains: Option<Vec<String>>,
    /// What a person becomes at their first sign-in; `analyst` when left out at first.
    #[serde(default)]
    default_role: Option<Role>,
    /// What stands for the second factor; `provider` when left out at first.
    #[serde(default)]
    second_factor: Option<SecondFactorRule>,
    /// How long a session lasts before the provider is asked again, from 1 to 720; 12 when left out at first.
    #[serde(default)]
    session_hours: Option<i32>,
    /// Whether it lets anybody in; it does when left out at first. Turning it off ends the sessions that it opened.
    #[serde(default)]
    enabled: Option<bool>,
    /// Whether members have to use it; owners keep their password as a way in.
    #[serde(default)]
    required: Option<bool>,
}

impl Check for SetSignInRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(issuer) = &self.issuer {
            rules::check_issuer(&mut found, issuer);
        }
        for (path, text) in [("clientId", &self.client_id), ("clientSecret", &self.client_secret)] {
            if let Some(text) = text {
                rules::check_client(&mut found, path, text);
            }
        }
        if let Some(domains) = &self.domains {
            rules::check_domains(&mut found, domains);
        }
        if let Some(role) = self.default_role {
            rules::check_role(&mut found, role);
        }
        if let Some(hours) = self.session_hours {
            rules::check_hours(&mut found, hours);
        }
        found
    }
}

/// Sets the tenant's identity provider up, or changes it. The provider is asked for its metadata first.
#[utoipa::path(
    patch, path = "/api/v1/tenants/current/sign-in", tag = "tenants", request_body = SetSignInRequest,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read; \"0\" when there is none yet")),
    responses(
        (status = 200, body = SignInView, description = "The provider as it is now"),
        (status = 412, description = "`version_conflict`"),
        (status = 422, description = "`validation_failed`; with the rule `metadata` for `issuer` when what it publishes \
            cannot be used"),
        (status = 502, description = "`identity_provider_unavailable`"),
    )
)]
pub(crate) async fn set_sign_in(
    app: Data<App>,
    caller: Caller,
    if_match: IfMatch,
    body: Body<SetSignInRequest>,
) -> Result<Reply, ApiError> {
    let request = body.content;
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let present = app.db.tenant(tenant, async |connection| sign_in_providers::find(connection, tenant).await).await;
    let present = present.map_err(|error: DbError| error)?;
    // A provider that is away must not keep anybody from turning it off.
    if let Some(issuer) = request.issuer.as_ref().filter(|issuer| present.is_none_or(|row| row.issuer != **issuer)) {
        app.providers.metadata(issuer, now).await.map_err(unusable)?;
    }
    let change = ProviderChange {
        issuer: request.issuer,
        client_id: request.client_id,
        client_secret: request.client_secret.map(SecretString::from),
        domains: request.domains,
        default_role: request.default_role,
        second_factor: request.second_factor,
        session_hours: request.session_hours,
        enabled: request.enabled,
        required: request.required,
        expected: if_match.0,
    };
    let configured = app
        .db
        .tenant(tenant, async |connection| {
            configure::configure(connection, &app, &caller.identity, &caller.cause, change).await
        })
        .await?;
    configured.ended.into_iter().for_each(|session| app.checker.forget_session(session));
    // What it asks of its members may have changed.
    app.checker.forget_tenant(tenant);
    let version = configured.provider.version;
    Ok(Reply::ok(&SignInView::new(configured.provider, configured.domains)).version(version))
}

/// An issuer that can never be used is the request's fault; one that is away is not.
fn unusable(error: ProviderError) -> ApiError {
    match error {
        ProviderError::Outbound(error) if !error.is_transient() => invalid(&error.to_string()),
        ProviderError::Metadata(what) => invalid(what),
        ProviderError::Failing(404) => invalid("it publishes nothing below /.well-known/openid-configuration"),
        other => ConfigureError::from(other).into(),
    }
}

fn invalid(what: &str) -> ApiError {
    ApiError::validation(&[Violation::new("issuer", "metadata", format!("cannot be used: {what}"))])
}
