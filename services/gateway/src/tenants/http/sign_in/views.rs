//! A tenant's identity provider as its owners see it.

use common::{DateTime, Role};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::oidc::record_name;
use crate::auth::store::sign_in_providers::{DomainRow, ProviderRow};

/// The tenant's identity provider, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInView {
    /// Who it is, as in its tokens.
    issuer: String,
    /// What it calls us.
    client_id: String,
    /// Whose e-mail addresses come in without an invite.
    domains: Vec<DomainView>,
    /// What a person becomes at their first sign-in.
    #[schema(value_type = Role)]
    default_role: String,
    /// `provider`: its sign-in counts as both factors. `claim`: only one of which the ID token says `amr: ["mfa"]`.
    second_factor: String,
    /// How long a session lasts before the provider is asked again.
    session_hours: i32,
    /// Whether it lets anybody in.
    enabled: bool,
    /// Whether members have to use it; owners keep their password as a way in.
    required: bool,
    /// Raised by every change; also the `ETag`.
    version: i32,
    /// When it was set up.
    created_at: DateTime,
    /// When it was changed last.
    updated_at: DateTime,
}

/// An e-mail domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DomainView {
    /// The domain.
    domain: String,
    /// Whether it was found to be the tenant's own. It lets nobody in before.
    proven: bool,
    /// When it was found.
    proven_at: Option<DateTime>,
    /// The name of the TXT record that proves it.
    record_name: String,
    /// What the record must hold.
    record_value: String,
}

impl SignInView {
    pub(super) fn new(row: ProviderRow, domains: Vec<DomainRow>) -> Self {
        Self {
            issuer: row.issuer,
            client_id: row.client_id,
            domains: domains.into_iter().map(DomainView::from).collect(),
            default_role: row.default_role,
            second_factor: row.second_factor,
            session_hours: row.session_hours,
            enabled: row.enabled,
            required: row.required,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<DomainRow> for DomainView {
    fn from(row: DomainRow) -> Self {
        Self {
            record_name: record_name(&row.domain),
            domain: row.domain,
            proven: row.proven_at.is_some(),
            proven_at: row.proven_at,
            record_value: row.challenge,
        }
    }
}
