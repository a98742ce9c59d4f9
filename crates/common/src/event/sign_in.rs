//! Events of signing in through a tenant's own identity provider. None holds a secret.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{Role, TenantId, UserId};

/// An identity provider as it is set up, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInState {
    /// Who it is, as in its tokens.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Whose e-mail addresses may come in.
    pub domains: Vec<String>,
    /// What a person becomes at their first sign-in.
    pub default_role: Role,
    /// `provider` or `claim`: what stands for the second factor.
    pub second_factor: String,
    /// How long a session lasts, in hours.
    pub session_hours: i32,
    /// Whether it lets anybody in.
    pub enabled: bool,
    /// Whether members have to use it.
    pub required: bool,
}

/// A tenant's identity provider was set up or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInConfigured {
    /// The tenant.
    pub tenant_id: TenantId,
    /// As it was; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SignInState>,
    /// As it is.
    pub after: SignInState,
    /// Whether the client's secret was replaced.
    pub secret_changed: bool,
}

/// A tenant's identity provider was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInRemoved {
    /// The tenant.
    pub tenant_id: TenantId,
    /// As it was.
    pub before: SignInState,
}

/// A tenant proved that an e-mail domain is its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInDomainProven {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The domain.
    pub domain: String,
}

/// Somebody at the identity provider was linked to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInLinked {
    /// The account.
    pub user_id: UserId,
    /// The provider.
    pub issuer: String,
    /// Who they are there.
    pub subject: String,
    /// `first_sign_in`, which made the account, or `link`, which its person asked for.
    pub by: String,
}

/// A sign-in through the identity provider was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInRefused {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The provider.
    pub issuer: String,
    /// Why, in `snake_case`.
    pub reason: String,
    /// Who they are at the provider, when its word for it was good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The e-mail address that the provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

subject!(SignInConfigured, SignInConfigured, "tenant", |e| e.tenant_id);
subject!(SignInRemoved, SignInRemoved, "tenant", |e| e.tenant_id);
subject!(SignInDomainProven, SignInDomainProven, "tenant", |e| e.tenant_id);
subject!(SignInLinked, SignInLinked, "user", |e| e.user_id);
subject!(SignInRefused, SignInRefused, "tenant", |e| e.tenant_id);
