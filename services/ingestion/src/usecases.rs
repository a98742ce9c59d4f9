//! One verb per file: input, errors, one function, one transaction.

pub(crate) mod change_integration;
pub(crate) mod connect_integration;
pub(crate) mod delete_integration;
mod readmit;
pub(crate) mod receive_webhook;
pub(crate) mod release_held;
pub(crate) mod replay_delivery;
pub(crate) mod reverify_quarantine;
pub(crate) mod rotate_secret;
pub(crate) mod submit_records;
pub(crate) mod watch_health;
