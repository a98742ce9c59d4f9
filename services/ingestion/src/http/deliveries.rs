//! What sources delivered, the rejected receipts as well.

pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod replay_many;
pub(crate) mod show;

use ::web::{ApiError, resource};
use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};
use common::{DateTime, DeliveryId, IntegrationId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::examiner::Examiner;
use crate::domain::integration::Integration;
use crate::store::deliveries::DeliveryRow;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/integrations/{id}/deliveries", "GET").route(web::get().to(list::list_deliveries)))
        // Before the deliveries' ids, for which it would be taken.
        .service(
            resource("/api/v1/integrations/{id}/deliveries/replay", "POST")
                .route(web::post().to(replay_many::replay_deliveries)),
        )
        .service(
            resource("/api/v1/integrations/{id}/deliveries/{deliveryId}", "GET")
                .route(web::get().to(show::show_delivery)),
        )
        .service(
            resource("/api/v1/integrations/{id}/deliveries/{deliveryId}/replay", "POST")
                .route(web::post().to(replay::replay_delivery)),
        );
}

/// One receipt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryResponse {
    id: DeliveryId,
    integration_id: IntegrationId,
    /// `accepted`, `duplicate`, `rejected` or `held`.
    outcome: String,
    /// Why it was rejected: `signature_missing`, `signature_mismatch`, `timestamp_too_old`, `timestamp_in_future`
    /// or `unparseable_body`.
    reason: Option<String>,
    /// The record it made, or that of the first receipt.
    record_id: Option<RecordId>,
    received_at: DateTime,
    /// When it was taken in after all; `reason` says still why it was rejected at first.
    replayed_at: Option<DateTime>,
    /// What is wrong with it, and what to do. Null unless it is rejected; in lists also where its body is large.
    diagnosis: Option<Diagnosis>,
}

impl DeliveryResponse {
    fn new(row: DeliveryRow, diagnosis: Option<Diagnosis>) -> Self {
        Self {
            id: DeliveryId(row.id),
            integration_id: IntegrationId(row.integration_id),
            outcome: row.outcome,
            reason: row.reason,
            record_id: row.record_id.map(RecordId),
            received_at: row.received_at,
            replayed_at: row.replayed_at,
            diagnosis,
        }
    }
}

/// The source's examiner; nothing when its row cannot be used, which its deliveries' answer should survive.
fn examiner(app: &App, integration: &Integration) -> Option<Examiner> {
    let prepared = Examiner::prepare(integration, &app.sealer, app.catalogue);
    prepared.inspect_err(|error| tracing::warn!(%error, "its deliveries are not diagnosed")).ok()
}

fn delivery_id(request: &HttpRequest) -> Result<DeliveryId, ApiError> {
    let malformed =
        |_| ApiError::invalid_request("The delivery id in the path is not a UUID.").with("field", "deliveryId");
    request.match_info().query("deliveryId").parse().map_err(malformed)
}
