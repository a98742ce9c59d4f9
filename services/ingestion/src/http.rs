//! The HTTP surface: one folder per noun, one file per verb. Who may call what is the gateway's routes table.

pub(crate) mod deliveries;
pub(crate) mod download;
pub(crate) mod files;
mod form;
pub(crate) mod given;
pub(crate) mod imports;
pub(crate) mod integrations;
pub(crate) mod oauth;
pub(crate) mod operations;
mod paging;
pub(crate) mod quarantine;
pub(crate) mod records;
pub(crate) mod syncs;
pub(crate) mod webhooks;

use actix_web::web::ServiceConfig;

/// Every route of the service.
pub(crate) fn routes(config: &mut ServiceConfig) {
    webhooks::routes(config);
    // Its fixed segments go before the integrations' ids.
    oauth::routes(config);
    integrations::routes(config);
    syncs::routes(config);
    deliveries::routes(config);
    quarantine::routes(config);
    // Its fixed segments go before the records' ids.
    imports::routes(config);
    records::routes(config);
    operations::routes(config);
    files::routes(config);
}
