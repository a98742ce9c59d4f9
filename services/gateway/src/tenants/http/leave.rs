//! `POST /tenants/current/leave`.

use actix_web::web::Data;
use common::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Reply};

use crate::app::App;
use crate::tenants::usecases::remove_member;

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveTenantRequest {}

impl Check for LeaveTenantRequest {}

/// Ends the caller's own membership and their sessions in the tenant, whatever their role. A repeated call is answered
/// like the first, with or without `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/v1/tenants/current/leave", tag = "tenants",
    responses(
        (status = 200, description = "Left"),
        (status = 403, description = "`forbidden`: an API key is no member"),
        (status = 404, description = "`not_found`: no member any more"),
        (status = 409, description = "`last_owner`"),
    )
)]
pub(crate) async fn leave_tenant(
    app: Data<App>,
    caller: Caller,
    _body: Lenient<LeaveTenantRequest>,
) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    app.db
        .tenant(caller.tenant(), async |connection| {
            remove_member::remove_member(connection, &app, &caller.identity, &caller.cause, user).await
        })
        .await?;
    app.checker.forget_member(caller.tenant(), user);
    Ok(Reply::ok(&()))
}
