//! What is shown of an identity.

use common::{DateTime, SignInIdentityId, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::store::sign_in_identities::IdentityRow;

/// Who a person is at a tenant's identity provider.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityView {
    id: SignInIdentityId,
    /// The tenant that it opens.
    tenant_id: TenantId,
    tenant_name: String,
    /// The provider.
    issuer: String,
    /// Who they are there.
    subject: String,
    /// Whether it lets them in now: the provider is the tenant's, and turned on.
    usable: bool,
    /// When it was linked.
    created_at: DateTime,
    /// When it was used last.
    last_used_at: DateTime,
}

impl From<IdentityRow> for IdentityView {
    fn from(row: IdentityRow) -> Self {
        Self {
            id: SignInIdentityId(row.id),
            tenant_id: TenantId(row.tenant_id),
            tenant_name: row.tenant_name,
            issuer: row.issuer,
            subject: row.subject,
            usable: row.is_usable,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}
