//! The service's routes: noun by folder, verb by file. Handlers decide nothing.

mod approvals;

use actix_web::web::{ServiceConfig, get, post};
use web::resource;

pub(crate) use approvals::{approve, claim, list, override_, release, show, stats};

/// Adds every route; a known path with another method is refused as such.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let act = |verb: &str| resource(&format!("/api/v1/approvals/{{id}}/{verb}"), "POST");
    config
        .service(resource("/api/v1/approvals", "GET").route(get().to(list::list_approvals)))
        .service(resource("/api/v1/approvals/stats", "GET").route(get().to(stats::get_approval_stats)))
        .service(resource("/api/v1/approvals/{id}", "GET").route(get().to(show::get_approval)))
        .service(act("claim").route(post().to(claim::claim_approval)))
        .service(act("release").route(post().to(release::release_approval)))
        .service(act("approve").route(post().to(approve::approve_approval)))
        .service(act("override").route(post().to(override_::override_approval)));
}
