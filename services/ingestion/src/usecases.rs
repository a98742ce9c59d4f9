//! One verb per file: input, errors, one function, one transaction.

pub(crate) mod advance_import;
pub(crate) mod begin_import;
pub(crate) mod change_integration;
pub(crate) mod connect_integration;
pub(crate) mod delete_file;
pub(crate) mod delete_integration;
pub(crate) mod end_import;
pub(crate) mod link_file;
pub(crate) mod receive_content;
pub(crate) mod receive_webhook;
pub(crate) mod release_held;
pub(crate) mod rotate_secret;
pub(crate) mod store_file;
pub(crate) mod submit_records;
pub(crate) mod test_mapping;
