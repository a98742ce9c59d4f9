//! What labels, rules and decisions are. Pure: no HTTP, no SQL, no clock.

pub(crate) mod decision;
pub(crate) mod label;
pub(crate) mod mining;
pub(crate) mod model_answer;
pub(crate) mod model_evidence;
pub(crate) mod pending;
pub(crate) mod policy;
pub(crate) mod preview;
pub(crate) mod replay;
pub(crate) mod rule;
pub(crate) mod rule_document;
pub(crate) mod rule_stats;
pub(crate) mod run;
pub(crate) mod scored;
pub(crate) mod settings;
pub(crate) mod similarity;
pub(crate) mod tenant_model;
pub(crate) mod value_list;
