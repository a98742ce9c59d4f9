//! `/processing/calibration`: how far scores can be believed.

pub(crate) mod response;
pub(crate) mod show;

use actix_web::web::{ServiceConfig, get};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/api/v1/processing/calibration", "GET").route(get().to(show::show_calibration)));
}
