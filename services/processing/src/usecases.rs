//! What the service does: one verb per file, each inside the caller's one transaction.

pub(crate) mod accept_approvals;
pub(crate) mod accept_proposal;
pub(crate) mod apply_rule_document;
pub(crate) mod create_label;
pub(crate) mod create_rule;
pub(crate) mod create_value_list;
pub(crate) mod decide_records;
pub(crate) mod delete_label;
pub(crate) mod delete_rule;
pub(crate) mod delete_value_list;
pub(crate) mod dismiss_proposal;
pub(crate) mod fulfil_rule_request;
pub(crate) mod list_outcomes;
pub(crate) mod plan_rule_document;
pub(crate) mod preview_rule;
pub(crate) mod promote_rule;
pub(crate) mod propose_rules;
pub(crate) mod redecide_records;
pub(crate) mod relabel_records;
pub(crate) mod restore_rule;
mod rounds;
pub(crate) mod update_label;
pub(crate) mod update_rule;
pub(crate) mod update_settings;
pub(crate) mod update_value_list;
pub(crate) mod warn_of_rule;
