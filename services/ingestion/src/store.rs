//! PostgreSQL, and the only place that knows diesel. Functions take a connection, so that they compose into one
//! transaction; every query names its tenant.

pub(crate) mod blobs;
pub(crate) mod deliveries;
pub(crate) mod facets;
pub(crate) mod files;
pub(crate) mod imports;
pub(crate) mod intake;
pub(crate) mod integrations;
pub(crate) mod records;
pub(crate) mod releases;
mod schema;
pub(crate) mod verdicts;
