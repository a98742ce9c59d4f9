//! What other services tell the gateway.

pub(crate) mod on_entitlements_updated;
pub(crate) mod on_subscription_updated;
