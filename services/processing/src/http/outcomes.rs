//! `/processing/outcomes`: the receipts of decisions.

pub(crate) mod list;

use actix_web::web::{ServiceConfig, get};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/api/v1/processing/outcomes/{id}", "GET").route(get().to(list::list_outcomes)));
}
