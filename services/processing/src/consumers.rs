//! What the service hears: decode, call the use case in one transaction, say whether to try again.

pub(crate) mod feedback;
pub(crate) mod on_entitlements;
pub(crate) mod on_ingested;
pub(crate) mod on_reprocess_requested;

use std::collections::BTreeSet;

use common::TenantId;
use common::event::Event;

/// The tenants of the batch, each once.
fn tenants_of(events: &[Event]) -> Vec<TenantId> {
    events.iter().map(|event| event.tenant_id).collect::<BTreeSet<_>>().into_iter().collect()
}
