//! The service's routes: noun by folder, verb by file. Handlers decide nothing.

mod billing;

use actix_web::web::{ServiceConfig, get, post};
use web::resource;

pub(crate) use billing::{events, plans, portal, session, status, webhooks};

/// Adds every route; a known path with another method is refused as such.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/billing/plans", "GET").route(get().to(plans::list_plans)))
        .service(resource("/api/v1/billing/status", "GET").route(get().to(status::get_billing_status)))
        .service(resource("/api/v1/billing/events", "GET").route(get().to(events::list_billing_events)))
        .service(resource("/api/v1/billing/session", "POST").route(post().to(session::create_billing_session)))
        .service(resource("/api/v1/billing/portal", "GET").route(get().to(portal::get_billing_portal)))
        .service(
            resource("/api/v1/billing/webhooks/{provider}", "POST").route(post().to(webhooks::receive_billing_webhook)),
        );
}
