//! What the use cases of a pulled source share: its settings read, its secrets sealed and opened.

use common::{IntegrationId, TenantId};
use serde::{Deserialize, Serialize};
use settings::{ExposeSecret as _, Sealer, SecretString};

use crate::domain::integration::Integration;
use crate::domain::oauth::{Grant, OauthConfig, Sealed, sealing_context};
use crate::domain::provider::Catalogue;
use crate::domain::pull::PullPlan;

/// A source that is asked.
#[derive(Debug)]
pub(crate) struct PullSource {
    pub(crate) oauth: OauthConfig,
    pub(crate) plan: PullPlan,
}

/// Access and refresh token, opened.
#[derive(Debug)]
pub(crate) struct OpenTokens {
    pub(crate) access: SecretString,
    pub(crate) refresh: Option<SecretString>,
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    access: std::borrow::Cow<'a, str>,
    refresh: Option<std::borrow::Cow<'a, str>>,
}

/// The settings of a source that is asked; `None` when it only delivers.
pub(super) fn pull_source(catalogue: &Catalogue, integration: &Integration) -> Option<PullSource> {
    let provider = catalogue.find(&integration.provider)?;
    let (oauth, plan) = provider.pull_source(&integration.config)?.ok()?;
    Some(PullSource { oauth, plan })
}

/// Seals a grant. A provider that sends no new refresh token means the old one to go on.
pub(super) fn seal_tokens(
    sealer: &Sealer,
    (tenant, id): (TenantId, IntegrationId),
    grant: &Grant,
    old: Option<&SecretString>,
) -> Vec<u8> {
    let refresh = grant.refresh_token.as_ref().or(old).map(|token| token.expose_secret().into());
    let written = Written { access: grant.access_token.expose_secret().into(), refresh };
    let text = serde_json::to_vec(&written).expect("two texts are JSON");
    sealer.seal(&sealing_context(tenant, id, Sealed::Tokens), &text)
}

/// Opens tokens; `None` when their key is gone or the row was altered.
pub(super) fn open_tokens(
    sealer: &Sealer,
    (tenant, id): (TenantId, IntegrationId),
    sealed: &[u8],
) -> Option<OpenTokens> {
    let text = sealer.open(&sealing_context(tenant, id, Sealed::Tokens), sealed).ok()?;
    let written: Written<'_> = serde_json::from_slice(&text).ok()?;
    Some(OpenTokens {
        access: written.access.into_owned().into(),
        refresh: written.refresh.map(|token| token.into_owned().into()),
    })
}

/// Opens the client's secret or a verifier.
pub(super) fn open_text(
    sealer: &Sealer,
    (tenant, id): (TenantId, IntegrationId),
    what: Sealed,
    sealed: &[u8],
) -> Option<SecretString> {
    let text = sealer.open(&sealing_context(tenant, id, what), sealed).ok()?;
    Some(std::str::from_utf8(&text).ok()?.to_owned().into())
}
