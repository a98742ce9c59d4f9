//! `GET /integrations/{id}/deliveries/{deliveryId}`

use actix_web::HttpRequest;
use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::error_code::ErrorBody;
use common::{DeliveryId, IntegrationId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use super::DeliveryResponse;
use crate::app::App;
use crate::store;

/// One receipt as it came.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeDeliveryResponse {
    #[serde(flatten)]
    summary: DeliveryResponse,
    /// Less credentials.
    headers: Value,
    /// The raw bytes in base64; of a receipt that made no record, the first MiB.
    body: String,
}

/// Shows a receipt with its headers and raw bytes.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/deliveries/{deliveryId}", tag = "integrations",
    operation_id = "show_delivery",
    params(
        ("id" = IntegrationId, Path, description = "The integration."),
        ("deliveryId" = DeliveryId, Path, description = "The receipt."),
    ),
    responses(
        (status = 200, description = "The receipt.", body = WholeDeliveryResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_delivery(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let malformed =
        |_| ApiError::invalid_request("The delivery id in the path is not a UUID.").with("field", "deliveryId");
    let delivery: DeliveryId = request.match_info().query("deliveryId").parse().map_err(malformed)?;
    let of = (caller.tenant(), id);
    let found = app
        .db
        .tenant(caller.tenant(), async |connection| store::deliveries::find(connection, of, delivery).await)
        .await?;
    let row = found.ok_or_else(|| ApiError::not_found("delivery"))?;
    Ok(Reply::ok(&WholeDeliveryResponse {
        summary: row.summary.into(),
        headers: row.headers,
        body: STANDARD.encode(&row.body),
    }))
}
