//! The HTTP surface: one folder per noun, one file per verb. Who may call what is the gateway's routes table.

pub(crate) mod calibration;
pub(crate) mod explain;
pub(crate) mod given;
pub(crate) mod labels;
pub(crate) mod outcomes;
pub(crate) mod records;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod value_lists;

use actix_web::web::ServiceConfig;

/// Every route of the service.
pub(crate) fn routes(config: &mut ServiceConfig) {
    labels::routes(config);
    rules::routes(config);
    value_lists::routes(config);
    outcomes::routes(config);
    records::routes(config);
    calibration::routes(config);
    explain::routes(config);
    runs::routes(config);
    settings::routes(config);
}
