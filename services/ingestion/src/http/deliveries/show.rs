//! `GET /integrations/{id}/deliveries/{deliveryId}`

use actix_web::HttpRequest;
use actix_web::web::{Data, block};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::error_code::ErrorBody;
use common::{DeliveryId, IntegrationId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use super::{DeliveryResponse, delivery_id, examiner};
use crate::app::App;
use crate::domain::delivery::DeliveryOutcome;
use crate::domain::examiner::Kept;
use crate::store;

const REJECTED: &str = DeliveryOutcome::Rejected.as_str();

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
    let delivery = delivery_id(&request)?;
    let of = (caller.tenant(), id);
    let (integration, found) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let integration = store::integrations::find(connection, caller.tenant(), id).await?;
            Ok::<_, ApiError>((integration, store::deliveries::find(connection, of, delivery).await?))
        })
        .await?;
    let row = found.ok_or_else(|| ApiError::not_found("delivery"))?;
    let now = app.clock.now();
    let examiner = integration.and_then(|integration| examiner(&app, &integration));
    // Dozens of keyed hashes over a body of up to a MiB.
    let response = block(move || {
        let diagnosis = row.summary.reason.as_deref().filter(|_| row.summary.outcome == REJECTED).and_then(|reason| {
            let (headers, body) = (&row.headers, Some(row.body.as_slice()));
            examiner.as_ref()?.diagnose(&Kept { reason, headers, body, received_at: row.summary.received_at }, now)
        });
        let headers = match &examiner {
            Some(examiner) => examiner.shown(row.headers),
            None => row.headers,
        };
        let body = STANDARD.encode(&row.body);
        WholeDeliveryResponse { summary: DeliveryResponse::new(row.summary, diagnosis), headers, body }
    });
    Ok(Reply::ok(&response.await.map_err(ApiError::internal)?))
}
