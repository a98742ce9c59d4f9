//! The service's part of the OpenAPI document; the gateway serves all parts as one.

use utoipa::OpenApi;

use crate::http;

#[derive(OpenApi)]
#[openapi(
    info(title = "approvals", description = "Questions that machines put to people, and people's answers."),
    paths(
        http::list::list_approvals,
        http::stats::get_approval_stats,
        http::show::get_approval,
        http::claim::claim_approval,
        http::release::release_approval,
        http::approve::approve_approval,
        http::override_::override_approval,
    ),
    tags((name = "approvals", description = "Questions that machines put to people, and people's answers."))
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
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/openapi/approvals.json");
        let current = super::document().to_pretty_json().expect("serialises") + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/openapi/approvals.json exists");
        assert!(written == current, "run `make docs` to generate proto-docs/openapi/approvals.json anew");
    }
}
