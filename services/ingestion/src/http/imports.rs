//! Imports of records: begun, shown, listed, cancelled, and what they rejected.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod rejected;
pub(crate) mod show;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};
use common::{DateTime, ImportId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::import::{Import, ImportFormat, ImportStatus};

/// How far an import is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportResponse {
    id: ImportId,
    format: ImportFormat,
    /// The source of records that name none.
    source: Option<String>,
    status: ImportStatus,
    /// Bytes of the content.
    size: u64,
    /// How many of them are done with.
    processed: u64,
    /// Lines that became new records.
    accepted: i64,
    /// Lines that were records before.
    duplicates: i64,
    /// Lines that are no records; see `GET /records/imports/{id}/rejected`.
    rejected: i64,
    /// Why it failed.
    error: Option<String>,
    created_at: DateTime,
    finished_at: Option<DateTime>,
}

impl From<Import> for ImportResponse {
    fn from(import: Import) -> Self {
        Self {
            id: import.id,
            format: import.format,
            source: import.source,
            status: import.status,
            size: import.size,
            processed: import.position,
            accepted: import.accepted,
            duplicates: import.duplicates,
            rejected: import.rejected,
            error: import.error,
            created_at: import.cause.at,
            finished_at: import.finished_at,
        }
    }
}

/// Before the routes of `/records/{id}`, which would take `import` for an id.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/records/import", "POST").route(web::post().to(create::import_records)))
        .service(resource("/api/v1/records/imports", "GET").route(web::get().to(list::list_imports)))
        .service(resource("/api/v1/records/imports/{id}", "GET").route(web::get().to(show::show_import)))
        .service(
            resource("/api/v1/records/imports/{id}/rejected", "GET").route(web::get().to(rejected::download_rejected)),
        )
        .service(resource("/api/v1/records/imports/{id}/cancel", "POST").route(web::post().to(cancel::cancel_import)));
}
