//! One verb per file: input, errors, one function, one transaction.

pub(crate) mod change_integration;
pub(crate) mod connect_integration;
pub(crate) mod delete_integration;
pub(crate) mod receive_webhook;
pub(crate) mod release_held;
pub(crate) mod submit_records;
pub(crate) mod test_mapping;
