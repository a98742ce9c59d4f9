//! A source ready for its next delivery: secrets opened, scheme and mapping compiled.

use common::{IntegrationId, TenantId};
use settings::Sealer;

use super::integration::{Integration, IntegrationStatus};
use super::mapping::Mapping;
use super::provider::{Catalogue, Challenge};
use super::secret::sealing_context;
use super::signature::Verifier;

/// What receiving a webhook needs to know.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) id: IntegrationId,
    pub(crate) tenant_id: TenantId,
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) paused: bool,
    pub(crate) verifier: Verifier,
    pub(crate) mapping: Mapping,
    pub(crate) challenge: Option<Challenge>,
}

/// A stored integration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// Its sealing key is gone, or the row was altered.
    #[error("the secret of integration {0} cannot be opened")]
    Secret(IntegrationId, #[source] settings::OpenError),
    /// It was stored by a build that knew more.
    #[error("integration {0} has a provider, config or mapping that this build does not know")]
    Unknown(IntegrationId),
}

impl Source {
    /// Makes a source of its row.
    ///
    /// # Errors
    /// When the row cannot be used.
    pub(crate) fn prepare(row: &Integration, sealer: &Sealer, catalogue: &Catalogue) -> Result<Self, SourceError> {
        let unknown = || SourceError::Unknown(row.id);
        let provider = catalogue.find(&row.provider).ok_or_else(unknown)?;
        let open = |sealed: &[u8]| {
            let secret = sealer
                .open(&sealing_context(row.tenant_id, row.id), sealed)
                .map_err(|error| SourceError::Secret(row.id, error))?;
            let secret = std::str::from_utf8(&secret).map_err(|_| unknown())?;
            provider.secret.key(secret).ok_or_else(unknown)
        };
        let key = open(&row.secret_sealed)?;
        let scheme = provider.scheme(&row.config).map_err(|_| unknown())?;
        let mut verifier = scheme.verifier(&[key]).ok_or_else(unknown)?;
        if let (Some(sealed), Some(until)) = (&row.previous_secret_sealed, row.previous_secret_expires_at) {
            // Whether it still counts is asked at each delivery: this source may be in memory past its expiry.
            verifier = verifier.or_until(&open(sealed)?, until.timestamp());
        }
        let mapping = row.mapping.as_ref().unwrap_or(&provider.mapping);
        let mapping = Mapping::compile_with(mapping, scheme.delivery_id_path.as_deref()).map_err(|_| unknown())?;
        Ok(Self {
            id: row.id,
            tenant_id: row.tenant_id,
            provider: row.provider.clone(),
            name: row.name.clone(),
            paused: row.status == IntegrationStatus::Paused,
            verifier,
            mapping,
            challenge: provider.challenge.clone(),
        })
    }
}
