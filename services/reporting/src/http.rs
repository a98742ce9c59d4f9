//! The service's resources; everything is read-only.

mod events;
mod reports;
mod time;

pub(crate) use events::list::{__path_list_events, EventResponse};
pub(crate) use reports::summarize::{__path_summarize_reports, SummaryResponse};
pub(crate) use time::reversed;

use actix_web::web::{ServiceConfig, get};

/// All routes.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/api/v1/events", "GET").route(get().to(events::list::list_events))).service(
        web::resource("/api/v1/reports/summary", "GET").route(get().to(reports::summarize::summarize_reports)),
    );
}
