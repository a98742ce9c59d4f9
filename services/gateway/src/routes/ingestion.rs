//! Sources, their deliveries, and records.

use common::Permission::{
    FilesRead, FilesWrite, IntegrationsRead, IntegrationsWrite, RecordsRead, RecordsWrite, TenantsWrite,
};

use super::Upstream::Ingestion;
use super::Verb::{Delete, Get, Patch, Post};
use super::{Access, RateClass, Route, Target};

/// A webhook's body, or one record.
const DELIVERY: usize = 1 << 20;
/// Up to 1,000 records at once.
const BATCH: usize = 8 << 20;

/// A file; ingestion has a limit of its own below this.
const UPLOAD: usize = 4 << 30;

pub(super) const ROUTES: &[Route] = &[
    Route::to(Ingestion, Get, "/api/v1/integrations/providers", IntegrationsRead),
    Route::to(Ingestion, Get, "/api/v1/integrations", IntegrationsRead),
    Route::to(Ingestion, Post, "/api/v1/integrations", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}", IntegrationsRead),
    Route::to(Ingestion, Patch, "/api/v1/integrations/{id}", IntegrationsWrite),
    Route::to(Ingestion, Delete, "/api/v1/integrations/{id}", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/health", IntegrationsRead),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/secret/rotate", IntegrationsWrite),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/secret/revoke-previous", IntegrationsWrite),
    // It writes nothing, and shows of deliveries what those calls show.
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/mapping/test", IntegrationsRead).body_limit(DELIVERY),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/mapping/apply", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/deliveries", IntegrationsRead),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/deliveries/replay", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/deliveries/{deliveryId}", IntegrationsRead),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/deliveries/{deliveryId}/replay", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/quarantine", IntegrationsRead),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/quarantine/reverify", IntegrationsWrite),
    // No bearer: the state, spent by its first use, names the source.
    Route::new(Get, "/api/v1/integrations/oauth/callback", Target::Upstream(Ingestion), Access::Public),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/oauth/authorize", IntegrationsWrite),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/oauth/disconnect", IntegrationsWrite),
    Route::to(Ingestion, Post, "/api/v1/integrations/{id}/sync", IntegrationsWrite),
    Route::to(Ingestion, Get, "/api/v1/integrations/{id}/syncs", IntegrationsRead),
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
    Route::to(Ingestion, Get, "/api/v1/records/export", RecordsRead).counted(RateClass::Transfer),
    Route::to(Ingestion, Post, "/api/v1/records/import", RecordsWrite).upload(UPLOAD).counted(RateClass::Transfer),
    Route::to(Ingestion, Get, "/api/v1/records/imports", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/records/imports/{id}", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/records/imports/{id}/rejected", RecordsRead).counted(RateClass::Transfer),
    Route::to(Ingestion, Post, "/api/v1/records/imports/{id}/cancel", RecordsWrite),
    Route::to(Ingestion, Get, "/api/v1/records/{id}/attachments", FilesRead),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/attachments", FilesWrite),
    Route::to(Ingestion, Delete, "/api/v1/records/{id}/attachments/{fileId}", FilesWrite),
    Route::to(Ingestion, Post, "/api/v1/files", FilesWrite).upload(UPLOAD).counted(RateClass::Transfer),
    Route::to(Ingestion, Get, "/api/v1/files/{id}", FilesRead),
    Route::to(Ingestion, Get, "/api/v1/files/{id}/content", FilesRead).counted(RateClass::Transfer),
    Route::to(Ingestion, Delete, "/api/v1/files/{id}", FilesWrite),
    Route::to(Ingestion, Get, "/api/v1/records/{id}/history", RecordsRead),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/archive", RecordsWrite),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/restore", RecordsWrite),
    Route::to(Ingestion, Post, "/api/v1/records/{id}/reprocess", RecordsWrite),
    // Erases for good, so it is not left to the keys that sources write with.
    Route::to(Ingestion, Post, "/api/v1/records/{id}/expunge-raw", TenantsWrite),
    Route::to(Ingestion, Get, "/api/v1/operations", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/operations/{id}", RecordsRead),
    Route::to(Ingestion, Get, "/api/v1/operations/{id}/items", RecordsRead),
    Route::to(Ingestion, Post, "/api/v1/operations/{id}/cancel", RecordsWrite),
    Route::to(Ingestion, Post, "/api/v1/operations/{id}/revert", RecordsWrite),
];
