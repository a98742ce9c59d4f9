//! A source's rejected deliveries, all together.

pub(crate) mod reverify;
pub(crate) mod show;

use ::web::resource;
use actix_web::web::{self, ServiceConfig};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/integrations/{id}/quarantine", "GET").route(web::get().to(show::show_quarantine)))
        .service(
            resource("/api/v1/integrations/{id}/quarantine/reverify", "POST")
                .route(web::post().to(reverify::reverify_quarantine)),
        );
}
