//! Deleted tenants in memory, so that asking costs the hot path no query.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use common::TenantId;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Offboarding, store};

/// How long another replica's news may go unnoticed.
const EVERY: Duration = Duration::from_secs(1);

/// The tenants that this process knows to be deleted. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct DeletedTenants(Arc<RwLock<HashSet<TenantId>>>);

impl DeletedTenants {
    /// Whether the tenant was deleted.
    #[must_use]
    pub fn contains(&self, tenant: TenantId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&tenant)
    }

    /// The same as a filter, for consumers.
    pub fn filter(&self) -> impl Fn(TenantId) -> bool + Send + Sync + 'static {
        let known = self.clone();
        move |tenant| known.contains(tenant)
    }

    pub(crate) fn extend(&self, tenants: impl IntoIterator<Item = TenantId>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend(tenants);
    }
}

impl Offboarding {
    /// Keeps up with what other replicas heard, until told to stop. For every process, whatever its role.
    pub async fn watch(self, shutdown: CancellationToken) {
        let mut has_read_all = false;
        loop {
            let read = self.db.system(async |connection| store::deleted(connection, has_read_all).await).await;
            match read {
                Ok(tenants) => {
                    self.deleted.extend(tenants);
                    has_read_all = true;
                }
                Err(error) => {
                    // Whatever was heard in the meantime is older than what is read anew by then.
                    has_read_all = false;
                    tracing::debug!(%error, "deleted tenants are not read now");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(EVERY) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_and_filters_know_the_same() {
        let known = DeletedTenants::default();
        let (gone, here) = (TenantId::generate(), TenantId::generate());
        let (clone, filter) = (known.clone(), known.filter());
        known.extend([gone]);
        assert!(clone.contains(gone) && filter(gone));
        assert!(!clone.contains(here) && !filter(here));
    }
}
