//! Files that came with a record's delivery and are not stored.

pub(crate) mod list;
pub(crate) mod retry;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/api/v1/records/{id}/pending-attachments", "GET")
                .route(web::get().to(list::list_pending_attachments)),
        )
        .service(
            resource("/api/v1/records/{id}/pending-attachments/retry", "POST")
                .route(web::post().to(retry::retry_pending_attachments)),
        );
}
