//! `/records/{id}/similar`: records are ingestion's, what they are like is known here.

pub(crate) mod similar;

use actix_web::web::{ServiceConfig, get};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/api/v1/records/{id}/similar", "GET").route(get().to(similar::list_similar_records)));
}
