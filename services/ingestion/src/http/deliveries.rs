//! What sources delivered, the rejected receipts as well.

pub(crate) mod list;
pub(crate) mod show;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};
use common::{DateTime, DeliveryId, IntegrationId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::deliveries::DeliveryRow;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/integrations/{id}/deliveries", "GET").route(web::get().to(list::list_deliveries)))
        .service(
            resource("/api/v1/integrations/{id}/deliveries/{deliveryId}", "GET")
                .route(web::get().to(show::show_delivery)),
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
}

impl From<DeliveryRow> for DeliveryResponse {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: DeliveryId(row.id),
            integration_id: IntegrationId(row.integration_id),
            outcome: row.outcome,
            reason: row.reason,
            record_id: row.record_id.map(RecordId),
            received_at: row.received_at,
        }
    }
}
