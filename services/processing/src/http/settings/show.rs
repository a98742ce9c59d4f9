//! `GET /processing/settings`

use actix_web::web::Data;
use web::{ApiError, Caller, Reply};

use super::SettingsResponse;
use crate::app::App;
use crate::store::settings;

/// Shows how the tenant's records are decided.
#[utoipa::path(
    get, path = "/api/v1/processing/settings", tag = "processing", operation_id = "show_processing_settings",
    responses((status = 200, description = "The settings.", body = SettingsResponse))
)]
pub(crate) async fn show_processing_settings(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let settings = settings::find(connection, caller.tenant()).await?;
            let version = settings.version;
            Ok(Reply::ok(&SettingsResponse::from(settings)).version(version))
        })
        .await
}
