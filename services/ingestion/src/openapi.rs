//! The service's part of the OpenAPI document; the gateway joins the parts.

use utoipa::OpenApi;

use crate::http;

#[derive(OpenApi)]
#[openapi(
    info(title = "Verdict: ingestion", description = "Sources, their deliveries, and records."),
    paths(
        http::integrations::providers::list_providers,
        http::integrations::list::list_integrations,
        http::integrations::create::create_integration,
        http::integrations::show::show_integration,
        http::integrations::update::update_integration,
        http::integrations::delete::delete_integration,
        http::deliveries::list::list_deliveries,
        http::deliveries::show::show_delivery,
        http::webhooks::receive::receive_webhook,
        http::records::list::list_records,
        http::records::create::create_record,
        http::records::create_batch::create_record_batch,
        http::records::show::show_record,
        http::records::list_history::list_record_history,
        http::records::archive::archive_record,
        http::records::restore::restore_record,
        http::records::reprocess::reprocess_record,
        http::records::expunge_raw::expunge_record_raw,
        http::records::bulk::bulk_act_on_records,
        http::operations::list::list_operations,
        http::operations::show::show_operation,
        http::operations::list_items::list_operation_items,
        http::operations::revert::revert_operation,
    ),
    tags(
        (name = "integrations", description = "Sources that deliver by signed webhooks."),
        (name = "records", description = "The things to be classified, and what became of each."),
        (name = "operations", description = "Acts on many records, and their undoing."),
    )
)]
pub(crate) struct Document;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/openapi/ingestion.json");
        let current = format!("{}\n", Document::openapi().to_pretty_json().expect("the document is JSON"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/openapi/ingestion.json exists");
        assert!(written == current, "run `make docs` to generate proto-docs/openapi/ingestion.json anew");
    }
}
