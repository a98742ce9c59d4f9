//! Integrations: a tenant's sources as people see them.

use common::{DateTime, IntegrationId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Whether a source's records are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntegrationStatus {
    /// They are.
    Active,
    /// They are accepted and held.
    Paused,
}

impl IntegrationStatus {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
        }
    }

    /// The status of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Paused].into_iter().find(|status| status.as_str() == name)
    }
}

/// A tenant's source.
#[derive(Clone, Debug)]
pub(crate) struct Integration {
    pub(crate) id: IntegrationId,
    pub(crate) tenant_id: TenantId,
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) status: IntegrationStatus,
    pub(crate) config: Value,
    pub(crate) mapping: Option<Value>,
    pub(crate) secret_sealed: Vec<u8>,
    /// The secret before the last rotation.
    pub(crate) previous_secret_sealed: Option<Vec<u8>>,
    /// Until when that one counts as well.
    pub(crate) previous_secret_expires_at: Option<DateTime>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: DateTime,
}
