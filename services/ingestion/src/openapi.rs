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
        http::integrations::health::show_integration_health,
        http::integrations::rotate::rotate_secret,
        http::integrations::revoke_previous::revoke_previous_secret,
        http::integrations::test_mapping::test_mapping,
        http::integrations::apply_mapping::apply_mapping,
        http::oauth::authorize::authorize_integration,
        http::oauth::callback::finish_authorization,
        http::oauth::disconnect::disconnect_integration,
        http::syncs::create::sync_integration,
        http::syncs::list::list_syncs,
        http::deliveries::list::list_deliveries,
        http::deliveries::show::show_delivery,
        http::deliveries::replay::replay_delivery,
        http::deliveries::replay_many::replay_deliveries,
        http::quarantine::show::show_quarantine,
        http::quarantine::reverify::reverify_quarantine,
        http::webhooks::receive::receive_webhook,
        http::files::create::create_file,
        http::files::show::show_file,
        http::files::content::download_file,
        http::files::delete::delete_file,
        http::files::list::list_attachments,
        http::files::link::link_file,
        http::files::unlink::unlink_file,
        http::imports::create::import_records,
        http::imports::list::list_imports,
        http::imports::show::show_import,
        http::imports::rejected::download_rejected,
        http::imports::cancel::cancel_import,
        http::records::export::export_records,
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
        http::operations::cancel::cancel_operation,
        http::operations::revert::revert_operation,
    ),
    tags(
        (name = "integrations", description = "Sources that deliver by signed webhooks, or are asked."),
        (name = "files", description = "What records have attached."),
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
