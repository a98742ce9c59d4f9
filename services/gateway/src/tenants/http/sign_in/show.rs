//! `GET /tenants/current/sign-in`.

use actix_web::web::Data;
use db::DbError;
use web::{ApiError, Caller, Reply};

use super::views::SignInView;
use crate::app::App;
use crate::auth::store::sign_in_providers;

/// Shows the tenant's identity provider, without its secret.
#[utoipa::path(
    get, path = "/api/v1/tenants/current/sign-in", tag = "tenants",
    responses(
        (status = 200, body = SignInView, description = "The provider"),
        (status = 404, description = "`not_found`: the tenant has none"),
    )
)]
pub(crate) async fn show_sign_in(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let (row, domains) = app
        .db
        .tenant(tenant, async |connection| {
            let row = sign_in_providers::find(connection, tenant).await?;
            Ok::<_, DbError>((row, sign_in_providers::domains(connection, tenant).await?))
        })
        .await?;
    let row = row.ok_or_else(|| ApiError::not_found("identity provider"))?;
    let version = row.version;
    Ok(Reply::ok(&SignInView::new(row, domains)).version(version))
}
