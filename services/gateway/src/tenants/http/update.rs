//! `PATCH /tenants/current`.

use actix_web::web::Data;
use common::Violation;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Reply};

use super::views::TenantView;
use crate::app::App;
use crate::tenants::domain::{check_name, check_settings, check_timezone};
use crate::tenants::usecases::update_tenant::{self, TenantChange};

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateTenantRequest {
    /// What it is called.
    #[serde(default)]
    name: Option<String>,
    /// IANA time zone.
    #[serde(default)]
    timezone: Option<String>,
    /// An object that takes the place of the former one. `requireSecondFactor: true` lets people in only with a
    /// second factor; `retentionDays: 90` has the raw forms of records taken away after so many days.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Option<Box<RawValue>>,
}

impl Check for UpdateTenantRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(name) = &self.name {
            check_name(&mut found, "name", name);
        }
        if let Some(timezone) = &self.timezone {
            check_timezone(&mut found, timezone);
        }
        if let Some(settings) = &self.settings {
            check_settings(&mut found, settings.get());
        }
        found
    }
}

/// Changes the tenant that the caller works in.
#[utoipa::path(
    patch, path = "/api/v1/tenants/current", tag = "tenants", request_body = UpdateTenantRequest,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = TenantView, description = "The tenant as it is now"),
        (status = 412, description = "`version_conflict`"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn update_tenant(
    app: Data<App>,
    caller: Caller,
    if_match: IfMatch,
    body: Body<UpdateTenantRequest>,
) -> Result<Reply, ApiError> {
    let UpdateTenantRequest { name, timezone, settings } = body.content;
    let settings = settings.map(|settings| settings.get().to_owned());
    let change = TenantChange { name, timezone, settings, expected: if_match.0 };
    let row = app
        .db
        .tenant(caller.tenant(), async |connection| {
            update_tenant::update_tenant(connection, &app, &caller.cause, change).await
        })
        .await?;
    // What it asks of its members may have changed.
    app.checker.forget_tenant(caller.tenant());
    let version = row.version;
    Ok(Reply::ok(&TenantView::from(row)).version(version))
}
