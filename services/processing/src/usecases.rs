//! What the service does: one verb per file, each inside the caller's one transaction.

pub(crate) mod accept_approvals;
pub(crate) mod create_label;
pub(crate) mod create_rule;
pub(crate) mod decide_records;
pub(crate) mod delete_label;
pub(crate) mod delete_rule;
pub(crate) mod fulfil_rule_request;
pub(crate) mod list_outcomes;
pub(crate) mod redecide_records;
pub(crate) mod relabel_records;
mod rounds;
pub(crate) mod update_label;
pub(crate) mod update_rule;
pub(crate) mod update_settings;
