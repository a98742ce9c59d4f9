//! `POST /integrations/{id}/deliveries/{deliveryId}/replay`

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DeliveryId, IntegrationId, RecordId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use super::delivery_id;
use crate::app::App;
use crate::usecases::replay_delivery::replay_delivery as replay;

/// Replaying takes no field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayDelivery {}

impl Check for ReplayDelivery {}

/// What the replay came to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayResponse {
    delivery_id: DeliveryId,
    /// The delivery's record; that of the first receipt when it is a duplicate.
    record_id: Option<RecordId>,
    /// Whether the same delivery was taken in before under another receipt.
    duplicate: bool,
    /// Whether this replay took it in. When not, there was nothing to do: it had a record already.
    replayed: bool,
}

/// Judges a rejected delivery again, by its time of receipt and with the integration as it is now, and takes it in
/// when it verifies.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/deliveries/{deliveryId}/replay", tag = "integrations",
    operation_id = "replay_delivery",
    params(
        ("id" = IntegrationId, Path, description = "The integration."),
        ("deliveryId" = DeliveryId, Path, description = "The receipt."),
    ),
    request_body = ReplayDelivery,
    responses(
        (status = 200, description = "It has a record, by this replay or from before.", body = ReplayResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`delivery_still_rejected`, with `context.diagnosis`", body = ErrorBody),
    )
)]
pub(crate) async fn replay_delivery(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    request: HttpRequest,
    body: Lenient<ReplayDelivery>,
) -> Result<Reply, ApiError> {
    let delivery = delivery_id(&request)?;
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let done = replay(connection, &app, &caller.cause, (id, delivery)).await?;
                Ok(Reply::ok(&ReplayResponse {
                    delivery_id: delivery,
                    record_id: done.record_id,
                    duplicate: done.duplicate,
                    replayed: done.replayed,
                }))
            })
            .await
        })
        .await?;
    app.outbox.wake_relay();
    Ok(reply)
}
