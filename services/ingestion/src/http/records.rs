//! Records: sent by API callers, listed, shown.

pub(crate) mod create;
pub(crate) mod create_batch;
pub(crate) mod export;
pub(crate) mod list;
mod response;
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
        .service(resource("/api/v1/records/{id}", "GET").route(web::get().to(show::show_record)));
}
