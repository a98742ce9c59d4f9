//! Files: sent, shown, downloaded, deleted, and listed with their record.

pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod unlink;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};
use common::{DateTime, FileId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::file::File;

/// A file, less its content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileResponse {
    id: FileId,
    /// As its sender named it, less what is dangerous in a name.
    name: String,
    /// What its bytes say; else what its sender said.
    content_type: String,
    /// In bytes.
    size: u64,
    /// Of the content, hexadecimal.
    sha256: String,
    /// The record that it belongs to.
    record_id: Option<RecordId>,
    created_at: DateTime,
}

impl From<File> for FileResponse {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            name: file.name,
            content_type: file.content_type,
            size: file.size,
            sha256: hex::encode(file.sha256),
            record_id: file.record_id,
            created_at: file.created_at,
        }
    }
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/files", "POST").route(web::post().to(create::create_file)))
        .service(
            resource("/api/v1/files/{id}", "GET, DELETE")
                .route(web::get().to(show::show_file))
                .route(web::delete().to(delete::delete_file)),
        )
        .service(resource("/api/v1/files/{id}/content", "GET").route(web::get().to(content::download_file)))
        .service(
            resource("/api/v1/records/{id}/attachments", "GET, POST")
                .route(web::get().to(list::list_attachments))
                .route(web::post().to(link::link_file)),
        )
        .service(
            resource("/api/v1/records/{id}/attachments/{fileId}", "DELETE")
                .route(web::delete().to(unlink::unlink_file)),
        );
}
