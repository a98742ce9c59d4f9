//! The end of a tenant in a service: who hears of it, what is refused from then on, and how its rows go.
//!
//! A row of `deleted_tenants` is what is left. It is written in the transaction that hears of the deletion; a worker then
//! removes the tenant's rows in bounded steps, from every table that the catalogue names, and looks again at growing
//! distances for what came late. ADR 0041 has the reasons.

mod deleted;
mod holdings;
mod on_tenant_deleted;
mod removal;
mod store;

pub use deleted::DeletedTenants;
pub use holdings::{Holdings, Removed, Rows};

use std::sync::Arc;

use bus::Handler;
use common::Clock;
use db::Db;
use tokio::sync::Notify;

/// What a service needs to part with a tenant.
#[derive(Clone, Debug)]
pub struct Offboarding {
    db: Db,
    clock: Arc<dyn Clock>,
    holdings: Arc<dyn Holdings>,
    deleted: DeletedTenants,
    /// Wakes the removal when this process hears of a deletion.
    heard: Arc<Notify>,
}

impl Offboarding {
    /// For a service that holds what `holdings` says.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>, holdings: Arc<dyn Holdings>, deleted: DeletedTenants) -> Self {
        Self { db, clock, holdings, deleted, heard: Arc::new(Notify::new()) }
    }

    /// Handles the service's queue of deletions.
    #[must_use]
    pub fn handler(&self) -> Arc<dyn Handler> {
        Arc::new(on_tenant_deleted::OnTenantDeleted(self.clone()))
    }
}
