//! `POST /billing/webhooks/{provider}`

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use common::ErrorCode;
use common::error_code::ErrorBody;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Reply, read_limited};

use crate::app::App;
use crate::error::from_receive;
use crate::usecases::receive_event::receive_event;

/// What the provider is told, once the event is on disk.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceivedResponse {
    /// Always true.
    received: bool,
    /// Whether the same event came before; then nothing changes.
    duplicate: bool,
}

/// Take a webhook of a payment provider. The signature over the raw bytes authenticates it; no other credential is
/// looked at.
#[utoipa::path(
    post, path = "/api/v1/billing/webhooks/{provider}", operation_id = "receive_billing_webhook", tag = "billing",
    params(("provider" = String, Path, description = "The payment provider.")),
    request_body(content = serde_json::Value, description = "An event as the provider writes it."),
    responses(
        (status = 200, description = "Stored durably, now or before.", body = ReceivedResponse),
        (status = 400, description = "`invalid_request`: rightly signed, but no event", body = ErrorBody),
        (status = 401, description = "`invalid_signature` or `stale_signature`; counted and logged", body = ErrorBody),
        (status = 404, description = "`not_found`: no such provider is configured", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 503, description = "`service_unavailable`; send it again", body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn receive_billing_webhook(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let name = request.match_info().query("provider");
    let provider = app.providers.serving().filter(|provider| provider.name() == name);
    let provider = provider.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound)
            .message("No such payment provider is configured.")
            .with("resource", "provider")
    })?;
    let body = read_limited(&request, payload.into_inner()).await?;
    let signature_headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let header =
        move |name: &str| signature_headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let is_new = receive_event(&app, provider.as_ref(), &header, &body, app.clock.now()).await.map_err(from_receive)?;
    Ok(Reply::ok(&ReceivedResponse { received: true, duplicate: !is_new }))
}
