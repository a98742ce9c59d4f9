//! Where sources deliver.

pub(crate) mod receive;

use actix_web::web::{self, ServiceConfig};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        ::web::resource("/api/v1/integrations/webhooks/{provider}/{integrationId}", "POST")
            .route(web::post().to(receive::receive_webhook)),
    );
}
