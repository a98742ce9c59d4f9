//! What ingestion hears: one queue per file.

pub(crate) mod on_entitlements;
pub(crate) mod on_ingested;
pub(crate) mod on_reprocessed;
pub(crate) mod on_verdict;
