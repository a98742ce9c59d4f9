//! Sources, their deliveries, and records.

use common::Permission::{IntegrationsRead, IntegrationsWrite, RecordsRead, RecordsWrite, TenantsWrite};

use super::Upstream::Ingestion;
use super::Verb::{Delete, Get, Patch, Post};
use super::{Access, RateClass, Route, Target};

/// A webhook's body, or one record.
const DELIVERY: usize = 1 << 20;
/// Up to 1,000 records at once.
const BATCH: usize = 8 << 20;

pub(super) const ROUTES: &[Route] = &[
    Route::to(Ingestion, Get, "/api/v1/integrations/providers", IntegrationsRead),
    Route::to(Ingestion, Get, "/api/v1/integrations", IntegrationsRead),
    Route::to(Ingestion, Post, "/api/v1/integrations", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}", IntegrationsRead),
    Route::to(Ingestion, Patch, "/api/v1/integrations/{id}", IntegrationsWrite),
    Route::to(Ingestion, Delete, "/api/v1/integrations/{id}", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/deliveries", IntegrationsRead),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/deliveries/{deliveryId}", IntegrationsRead),
    // No bearer: the signature over the raw bytes speaks for the sender, and ingestion checks it.
    Route::new(
        Post,
        "/api/v1/integrations/webhooks/{provider}/{integrationId}",
        Target::Upstream(Ingestion),
        Access::Public,
    )
    .body_limit(DELIVERY)
    .counted(RateClass::Webhook),
    Route::to(Ingestion, Get, "/api/v1/records", RecordsRead),
    Route::to(Ingestion, Post, "/api/v1/records", RecordsWrite).body_limit(DELIVERY),
    Route::to(Ingestion, Post, "/api/v1/records/batch", RecordsWrite).body_limit(BATCH),
    Route::to(Ingestion, Post, "/api/v1/records/bulk", RecordsWrite),
    Route::to(Ingestion, Get, "/api/v1/records/{id}", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/records/{id}/history", RecordsRead),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/archive", RecordsWrite),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/restore", RecordsWrite),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/reprocess", RecordsWrite),
    // Erases for good, so it is not left to the keys that sources write with.
    Route::to(Ingestion, Post, "/api/v1/records/{id}/expunge-raw", TenantsWrite),
    Route::to(Ingestion, Get, "/api/v1/operations", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/operations/{id}", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/operations/{id}/items", RecordsRead),
    Route::to(Ingestion, Post, "/api/v1/operations/{id}/revert", RecordsWrite),
];
