//! `GET /integrations/{id}`

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::IntegrationResponse;
use crate::app::App;
use crate::store;

/// Shows a source.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}", tag = "integrations", operation_id = "show_integration",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    responses(
        (status = 200, description = "The source.", body = IntegrationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_integration(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
) -> Result<Reply, ApiError> {
    let (found, mut connections) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let found = store::integrations::find(connection, caller.tenant(), id).await?;
            let connections = store::oauth::connections(connection, caller.tenant(), &[id]).await?;
            Ok::<_, ApiError>((found, connections))
        })
        .await?;
    let integration = found.ok_or_else(|| ApiError::not_found("integration"))?;
    let version = integration.version;
    let response = IntegrationResponse::new(&app, integration).connected(connections.pop());
    Ok(Reply::ok(&response).version(version))
}
