//! `POST /integrations/webhooks/{provider}/{integrationId}`

use ::web::{ApiError, Reply, RequestContext, read_limited};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Data, Payload};
use actix_web::{Either, HttpRequest, HttpResponse};
use common::error_code::ErrorBody;
use common::{DeliveryId, IntegrationId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::delivery::kept_headers;
use crate::usecases::receive_webhook::{Arrival, Receipt, Received, find_source};

/// Tells the gateway to pass the body on as it is.
const BARE: (&str, &str) = ("x-verdict-envelope", "none");

/// What the sender is told, once all of it is on disk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptResponse {
    /// This receipt.
    delivery_id: DeliveryId,
    /// The record; that of the first receipt when this one repeats it.
    record_id: RecordId,
    /// Whether the same delivery came before.
    duplicate: bool,
}

/// Takes a signed webhook. The signature over the raw bytes authenticates it; no other credential is looked at.
#[utoipa::path(
    post, path = "/api/v1/integrations/webhooks/{provider}/{integrationId}", tag = "integrations",
    operation_id = "receive_webhook",
    params(
        ("provider" = String, Path, description = "The integration's provider."),
        ("integrationId" = IntegrationId, Path, description = "The integration."),
    ),
    request_body(content = serde_json::Value, description = "Any JSON; the integration's mapping reads it."),
    responses(
        (status = 202, description = "Stored durably.", body = ReceiptResponse),
        (status = 200, description = "It came before; `recordId` is the first one's. A provider's signed challenge gets its answer, bare.", body = ReceiptResponse),
        (status = 400, description = "`invalid_request`: rightly signed, but the body is not JSON in UTF-8. Kept as rejected.",
         body = ErrorBody),
        (status = 401, description = "`invalid_signature` or `stale_signature`. Kept as rejected.", body = ErrorBody),
        (status = 404, description = "`not_found`: there is no such integration of that provider.", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 503, description = "`overloaded` or `service_unavailable`, with `Retry-After`; send it again.",
         body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn receive_webhook(
    app: Data<App>,
    context: RequestContext,
    request: HttpRequest,
    payload: Payload,
) -> Result<Either<Reply, HttpResponse>, ApiError> {
    let id = request.match_info().query("integrationId").parse::<IntegrationId>();
    let integration_id = id.map_err(|_| ApiError::not_found("integration"))?;
    let source = find_source(&app, request.match_info().query("provider"), integration_id).await?;
    let body = read_limited(&request, payload.into_inner()).await?;
    let headers = request.headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let kept_headers = kept_headers(&source.verifier, source.id, &readable(headers));
    let arrival = Arrival { source, header: &header, kept_headers, body, trace: context.trace };
    let received = crate::usecases::receive_webhook::receive_webhook(&app, arrival).await?;
    let Receipt { delivery_id, record_id, duplicate } = match received {
        Received::Stored(receipt) => receipt,
        // The provider compares the body itself, so the gateway must not put it into its envelope.
        Received::Challenge(answer) => return Ok(Either::Right(HttpResponse::Ok().insert_header(BARE).json(answer))),
    };
    let status = if duplicate { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(Either::Left(Reply::new(status, &ReceiptResponse { delivery_id, record_id, duplicate })))
}

/// The headers whose values are text.
fn readable(headers: &HeaderMap) -> Vec<(&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}
