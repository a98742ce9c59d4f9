//! What the service hears.

mod on_approved;
mod on_entitlements;
mod on_ingested;
mod on_relabel_requested;
mod on_reprocess_requested;
mod on_rule_requested;
