//! The service's part of the OpenAPI document.

use utoipa::OpenApi;

use crate::http::{__path_list_events, __path_summarize_reports, EventResponse, SummaryResponse};

#[derive(OpenApi)]
#[openapi(
    info(title = "Verdict reporting", description = "The event feed and the reports summed up from it."),
    paths(list_events, summarize_reports),
    components(schemas(EventResponse, SummaryResponse)),
    tags(
        (name = "events", description = "Everything that happened, in one order per tenant."),
        (name = "reports", description = "Figures over periods."),
    )
)]
struct Document;

/// The document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/openapi/reporting.json");
        let current = format!("{}\n", document().to_pretty_json().expect("a document is plain JSON"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let committed = std::fs::read_to_string(path).expect("proto-docs/openapi/reporting.json");
        assert_eq!(committed, current, "run UPDATE_DOCS=1 cargo test -p reporting --lib");
    }
}
