//! `POST /tenants`.

use actix_web::web::Data;
use common::event::Cause;
use common::{TenantId, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::views::TenantView;
use crate::app::App;
use crate::tenants::domain::{DEFAULT_TIMEZONE, check_name, check_timezone};
use crate::tenants::usecases::create_tenant::{self, NewTenant};

/// The tenant to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTenantRequest {
    /// What it is called.
    name: String,
    /// IANA time zone; UTC when left out.
    #[serde(default)]
    timezone: Option<String>,
}

impl Check for CreateTenantRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_name(&mut found, "name", &self.name);
        if let Some(timezone) = &self.timezone {
            check_timezone(&mut found, timezone);
        }
        found
    }
}

/// Creates one more tenant, with the caller as its owner. `POST /auth/tenant` leads into it.
#[utoipa::path(
    post, path = "/api/v1/tenants", tag = "tenants", request_body = CreateTenantRequest,
    responses(
        (status = 201, body = TenantView, description = "The tenant"),
        (status = 403, description = "`forbidden`: only a person can own a tenant"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn create_tenant(
    app: Data<App>,
    caller: Caller,
    body: Body<CreateTenantRequest>,
) -> Result<Reply, ApiError> {
    let Body { content, idempotency } = body;
    let id = TenantId::generate();
    let new = NewTenant {
        id,
        name: &content.name,
        timezone: content.timezone.as_deref().unwrap_or(DEFAULT_TIMEZONE),
        owner: UserId(caller.identity.principal.id()),
        owner_email: &caller.identity.display_name,
    };
    // The rows are the new tenant's, the idempotency key is the present one's.
    let cause = Cause { tenant_id: id, ..caller.cause.clone() };
    app.db
        .tenants(&[caller.tenant(), id], async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let row = create_tenant::create_tenant(connection, &app, &cause, new).await?;
                let version = row.version;
                Ok(Reply::created(&TenantView::from(row)).version(version))
            })
            .await
        })
        .await
}
