//! What ingestion hears: one queue per file.

pub(crate) mod on_entitlements;
pub(crate) mod on_ingested;
pub(crate) mod on_label_changed;
pub(crate) mod on_reprocessed;
pub(crate) mod on_tenant_changed;
pub(crate) mod on_verdict;
