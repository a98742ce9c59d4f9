//! What the service hears, one message per file: decode, call the use case, say whether to try again.

mod on_label_changed;
mod on_record_shelved;
mod on_reprocessed;
mod on_review_requested;

pub(crate) use on_label_changed::OnLabelChanged;
pub(crate) use on_record_shelved::OnRecordShelved;
pub(crate) use on_reprocessed::OnReprocessed;
pub(crate) use on_review_requested::OnReviewRequested;

use common::TenantId;
use common::event::Event;

/// The tenants of a batch, each once.
fn tenants_of(events: &[Event]) -> Vec<TenantId> {
    let mut tenants: Vec<TenantId> = events.iter().map(|event| event.tenant_id).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}
