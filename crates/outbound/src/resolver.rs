//! From a name to the addresses that may be connected to.
//!
//! The client calls it once per connection and connects to what it returns, so nothing lies between the check and
//! the use.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::RefusedReason;
use crate::policy::Policy;

/// A name being looked up.
pub type Looking = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// The name service.
pub trait Lookup: Send + Sync + 'static {
    /// Every address of the name.
    fn addresses(&self, name: String) -> Looking;
}

/// The system's name service.
pub(crate) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> Looking {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// What the resolver says instead of addresses; the client finds it again in the error's sources.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error("the address is {0}")]
    Refused(RefusedReason),
    #[error("the name has no address")]
    Unresolved,
}

pub(crate) struct GuardedResolver {
    pub(crate) policy: Arc<Policy>,
    pub(crate) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let lookup = Arc::clone(&self.lookup);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str().to_owned()).await.map_err(|_| NoAddress::Unresolved)?;
            let allowed = permitted(&policy, name.as_str(), found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be used; of a name with both kinds, the public ones.
fn permitted(policy: &Policy, name: &str, found: Vec<IpAddr>) -> Result<Vec<SocketAddr>, NoAddress> {
    let listed = policy.names(name);
    let mut refused = None;
    let mut allowed = Vec::with_capacity(found.len());
    for address in found {
        match policy.refuses(address) {
            Some(reason) if !listed => refused = Some(reason),
            _ => allowed.push(SocketAddr::new(address, 0)),
        }
    }
    match refused {
        _ if !allowed.is_empty() => Ok(allowed),
        Some(reason) => Err(NoAddress::Refused(reason)),
        None => Err(NoAddress::Unresolved),
    }
}
