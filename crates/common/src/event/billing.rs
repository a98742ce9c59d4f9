//! Events of plans: what a tenant may do, and who began to pay for it.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{DateTime, TenantId};

/// What a tenant's subscription lets it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everything that its plan has.
    Full,
    /// Nothing new is taken in; everything there can be read.
    ReadOnly,
}

impl Access {
    /// The name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read_only",
        }
    }

    /// The access of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Full, Self::ReadOnly].into_iter().find(|access| access.as_str() == name)
    }
}

/// How much of each thing a tenant may have. What is left out has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allowance {
    /// Records of a month from which on the tenant is warned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records_soft: Option<u64>,
    /// Records of a month after which none is taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records_hard: Option<u64>,
    /// Members at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u64>,
    /// Connected sources at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrations: Option<u64>,
    /// Calls of a language model in a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_calls: Option<u64>,
    /// Bytes of files at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Days for which records are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
}

/// What a tenant may do changed, or is told again. Whoever enforces it keeps the highest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntitlementsUpdated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The plan whose allowance it is.
    pub plan: String,
    /// How the subscription stands.
    pub status: String,
    /// What that lets the tenant do.
    pub access: Access,
    /// Why, in words for people; absent when there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when a failed payment is borne with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_ends_at: Option<DateTime>,
    /// How much of each thing.
    pub allowance: Allowance,
    /// IANA time zone whose calendar months are counted.
    pub timezone: String,
    /// Rises with each change.
    pub version: i32,
}

/// Somebody was sent to the payment provider's page to subscribe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutStarted {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The plan that was chosen.
    pub plan: String,
    /// The payment provider.
    pub provider: String,
    /// Until when the page works.
    pub expires_at: DateTime,
}

subject!(EntitlementsUpdated, EntitlementsUpdated, "subscription", |e| e.tenant_id);
subject!(CheckoutStarted, CheckoutStarted, "subscription", |e| e.tenant_id);
