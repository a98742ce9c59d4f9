//! `GET /tenants/current`.

use actix_web::web::Data;
use web::{ApiError, Caller, Reply};

use super::views::TenantView;
use crate::app::App;
use crate::tenants::store::tenants;

/// Shows the tenant that the caller works in.
#[utoipa::path(
    get, path = "/api/v1/tenants/current", tag = "tenants",
    responses((status = 200, body = TenantView, description = "The tenant, with its version as `ETag`"))
)]
pub(crate) async fn show_tenant(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let row = app.db.tenant(tenant, async |connection| tenants::find(connection, tenant).await).await?;
    let row = row.ok_or_else(|| ApiError::not_found("tenant"))?;
    let version = row.version;
    Ok(Reply::ok(&TenantView::from(row)).version(version))
}
