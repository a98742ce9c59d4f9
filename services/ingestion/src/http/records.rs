//! Records: sent by API callers, listed, shown, archived, restored, decided again.

pub(crate) mod archive;
pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod create_batch;
pub(crate) mod export;
pub(crate) mod expunge_raw;
mod filter;
pub(crate) mod list;
pub(crate) mod list_history;
pub(crate) mod reprocess;
mod response;
pub(crate) mod restore;
pub(crate) mod show;
mod submission;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/api/v1/records", "GET, POST")
                .route(web::get().to(list::list_records))
                .route(web::post().to(create::create_record)),
        )
        .service(resource("/api/v1/records/batch", "POST").route(web::post().to(create_batch::create_record_batch)))
        .service(resource("/api/v1/records/export", "GET").route(web::get().to(export::export_records)))
        .service(resource("/api/v1/records/bulk", "POST").route(web::post().to(bulk::bulk_act_on_records)))
        .service(resource("/api/v1/records/{id}", "GET").route(web::get().to(show::show_record)))
        .service(
            resource("/api/v1/records/{id}/history", "GET").route(web::get().to(list_history::list_record_history)),
        )
        .service(resource("/api/v1/records/{id}/archive", "POST").route(web::post().to(archive::archive_record)))
        .service(
            resource("/api/v1/records/{id}/expunge-raw", "POST").route(web::post().to(expunge_raw::expunge_record_raw)),
        )
        .service(resource("/api/v1/records/{id}/restore", "POST").route(web::post().to(restore::restore_record)))
        .service(resource("/api/v1/records/{id}/reprocess", "POST").route(web::post().to(reprocess::reprocess_record)));
}
