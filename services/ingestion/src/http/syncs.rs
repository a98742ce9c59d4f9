//! Pulls of a source: asked for, and listed.

pub(crate) mod create;
pub(crate) mod list;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/integrations/{id}/sync", "POST").route(web::post().to(create::sync_integration)))
        .service(resource("/api/v1/integrations/{id}/syncs", "GET").route(web::get().to(list::list_syncs)));
}
