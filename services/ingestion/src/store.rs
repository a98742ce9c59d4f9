//! PostgreSQL, and the only place that knows diesel. Functions take a connection, so that they compose into one
//! transaction; every query names its tenant.

pub(crate) mod acts;
pub(crate) mod attachments;
pub(crate) mod blobs;
pub(crate) mod deliveries;
pub(crate) mod facets;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod intake;
pub(crate) mod integrations;
pub(crate) mod labels;
pub(crate) mod oauth;
pub(crate) mod operation_items;
pub(crate) mod operations;
pub(crate) mod pull_health;
pub(crate) mod pulls;
pub(crate) mod quarantine;
pub(crate) mod quarantine_bounds;
pub(crate) mod quotas;
pub(crate) mod records;
pub(crate) mod releases;
pub(crate) mod remaps;
pub(crate) mod retentions;
mod schema;
pub(crate) mod verdicts;
