//! The service's part of the OpenAPI document; the gateway serves all parts as one.

use utoipa::OpenApi;

use crate::http;

#[derive(OpenApi)]
#[openapi(
    info(title = "billing", description = "Plans, subscriptions and usage."),
    paths(
        http::plans::list_plans,
        http::status::get_billing_status,
        http::events::list_billing_events,
        http::session::create_billing_session,
        http::portal::get_billing_portal,
        http::webhooks::receive_billing_webhook,
    ),
    tags((name = "billing", description = "Plans, subscriptions and usage."))
)]
struct Document;

/// The document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests {
    #[test]
    fn committed_document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/openapi/billing.json");
        let current = super::document().to_pretty_json().expect("serialises") + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/openapi/billing.json exists");
        assert!(written == current, "run `make docs` to generate proto-docs/openapi/billing.json anew");
    }
}
