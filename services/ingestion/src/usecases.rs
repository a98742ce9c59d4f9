//! One verb per file: input, errors, one function, one transaction.

pub(crate) mod act_on_record;
pub(crate) mod carry_out;
pub(crate) mod change_integration;
pub(crate) mod connect_integration;
pub(crate) mod delete_integration;
pub(crate) mod end_items;
pub(crate) mod expunge_raw;
pub(crate) mod receive_webhook;
pub(crate) mod release_held;
pub(crate) mod revert_operation;
pub(crate) mod run_operations;
pub(crate) mod start_operation;
pub(crate) mod submit_records;
