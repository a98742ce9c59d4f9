//! `DELETE /tenants/current`.

use actix_web::web::Data;
use common::{ErrorCode, Principal, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::store::{sessions, users};
use crate::auth::usecases::prove_password::prove_password;
use crate::gate::{ClientAddress, Confined, Shown};
use crate::tenants::usecases::delete_tenant::{self, DeleteTenantError};

/// What makes sure that it is meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteTenantRequest {
    /// The tenant's name, as it is now.
    name: String,
    /// The caller's password. A session that the tenant's identity provider opened needs none, if it is no older than
    /// ten minutes.
    #[serde(default)]
    password: Option<String>,
}

impl Check for DeleteTenantRequest {
    fn check(&self) -> Vec<Violation> {
        // What cannot be the name is answered like another one.
        Vec::new()
    }
}

/// Deletes the tenant for good, without a way back: everybody's sessions and all API keys end at once, here and on
/// other replicas. The accounts of its people stay; the other services are told.
#[utoipa::path(
    delete, path = "/api/v1/tenants/current", tag = "tenants", request_body = DeleteTenantRequest,
    responses(
        (status = 200, description = "Deleted. A repeated call is 401, because the tenant's sessions ended with it"),
        (status = 401, description = "`invalid_credentials`: another password"),
        (status = 403, description = "`forbidden`: only an owner, and only in person"),
        (status = 422, description = "`validation_failed`, with the rule `confirmation` for `name`, `required` or \
            `fresh_sign_in` for `password`"),
        (status = 429, description = "`rate_limited`: too many wrong passwords"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn delete_tenant(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    confined: Confined,
    address: ClientAddress,
    body: Body<DeleteTenantRequest>,
) -> Result<Reply, ApiError> {
    let DeleteTenantRequest { name, password } = body.content;
    let (Principal::User(user), Credential::Session(session)) = (caller.identity.principal, shown.0) else {
        return Err(ApiError::new(ErrorCode::Forbidden)
            .message("Only a person deletes a tenant. Sign in as an owner instead of sending an API key.")
            .with("principal", "user"));
    };
    if confined.0 {
        let state = app.db.system(async |connection| sessions::state(connection, session, false).await).await?;
        delete_tenant::require_fresh(&state.ok_or(DeleteTenantError::Gone)?, caller.cause.at)?;
    } else {
        let password = password.ok_or(DeleteTenantError::PasswordNeeded)?;
        let row = app.db.system(async |connection| users::find(connection, UserId(user)).await).await?;
        let row = row.ok_or(DeleteTenantError::WrongPassword)?;
        let from = (address, caller.cause.trace);
        let fits = prove_password(&app, &row, Zeroizing::new(password), from).await;
        if !fits.map_err(DeleteTenantError::from)? {
            return Err(DeleteTenantError::WrongPassword.into());
        }
    }
    let (tenant, identity, cause) = (caller.tenant(), &caller.identity, &caller.cause);
    app.db
        .tenant(tenant, async |connection| delete_tenant::delete_tenant(connection, &app, identity, cause, &name).await)
        .await?;
    app.checker.forget_tenant(tenant);
    Ok(Reply::ok(&()))
}
