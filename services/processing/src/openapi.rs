//! The service's part of the OpenAPI document; the gateway joins the parts.

use utoipa::OpenApi;

use crate::http;

#[derive(OpenApi)]
#[openapi(
    info(title = "Verdict: processing", description = "Labels, rules, and the receipts of decisions."),
    paths(
        http::labels::list::list_labels,
        http::labels::create::create_label,
        http::labels::show::show_label,
        http::labels::update::update_label,
        http::labels::delete::delete_label,
        http::rules::list::list_rules,
        http::rules::create::create_rule,
        http::rules::test::test_rule,
        http::rules::preview::preview,
        http::rules::proposals::list::list_rule_proposals,
        http::rules::proposals::accept::accept_rule_proposal,
        http::rules::proposals::dismiss::dismiss_rule_proposal,
        http::rules::export::export_rules,
        http::rules::import::plan::plan_rule_import,
        http::rules::import::apply::apply_rule_import,
        http::rules::show::show_rule,
        http::rules::update::update_rule,
        http::rules::delete::delete_rule,
        http::rules::enable::enable_rule,
        http::rules::disable::disable_rule,
        http::rules::promote::promote_rule,
        http::rules::restore::restore_rule,
        http::rules::stats::show_rule_stats,
        http::rules::versions::list_rule_versions,
        http::value_lists::list::list_value_lists,
        http::value_lists::create::create_value_list,
        http::value_lists::show::show_value_list,
        http::value_lists::update::update_value_list,
        http::value_lists::delete::delete_value_list,
        http::outcomes::list::list_outcomes,
        http::records::similar::list_similar_records,
        http::calibration::show::show_calibration,
        http::explain::explain,
        http::runs::start::start_run,
        http::runs::list::list_runs,
        http::runs::show::show_run,
        http::runs::outcomes::list_run_outcomes,
        http::runs::cancel::cancel_run,
        http::settings::show::show_processing_settings,
        http::settings::update::update_processing_settings,
    ),
    tags(
        (name = "labels", description = "The outcomes that a tenant classifies into."),
        (name = "rules", description = "Conditions and the labels they give."),
        (name = "processing", description = "How records are decided, and the receipts of decisions."),
    )
)]
pub(crate) struct Document;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/openapi/processing.json");
        let current = format!("{}\n", Document::openapi().to_pretty_json().expect("the document is JSON"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/openapi/processing.json exists");
        assert!(written == current, "run `make docs` to generate proto-docs/openapi/processing.json anew");
    }
}
