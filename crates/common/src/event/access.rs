//! Events of tenants, members, credentials and subscriptions.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{ApiKeyId, DateTime, Role, SessionId, TenantId, UserId};

/// A tenant was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantCreated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its name.
    pub name: String,
    /// IANA time zone.
    pub timezone: String,
    /// The first owner.
    pub owner: UserId,
}

/// A tenant's name, time zone or settings changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantUpdated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its name.
    pub name: String,
    /// IANA time zone.
    pub timezone: String,
    /// Its version.
    pub version: i32,
}

/// Somebody became a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberJoined {
    /// The person.
    pub user_id: UserId,
    /// Their e-mail address.
    pub email: String,
    /// Their role.
    pub role: Role,
}

/// Somebody is a member no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRemoved {
    /// The person.
    pub user_id: UserId,
    /// The role that they had.
    pub role: Role,
}

/// A member's role changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleChanged {
    /// The person.
    pub user_id: UserId,
    /// The role before.
    pub before: Role,
    /// The role now.
    pub after: Role,
}

/// An API key was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyCreated {
    /// The key.
    pub api_key_id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// The readable start of it.
    pub prefix: String,
    /// Its role.
    pub role: Role,
    /// Its scopes, when narrowed.
    pub scopes: Option<Vec<String>>,
    /// When it ends.
    pub expires_at: Option<DateTime>,
}

/// An API key was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyRevoked {
    /// The key.
    pub api_key_id: ApiKeyId,
    /// Its name.
    pub name: String,
}

/// An old refresh token came back, and its session was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshTokenReused {
    /// The session that was ended.
    pub session_id: SessionId,
    /// Whose it was.
    pub user_id: UserId,
}

/// Sign-ins to a member's account failed so often that further ones wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginThrottled {
    /// Whose account it is.
    pub user_id: UserId,
    /// Failures so far.
    pub failures: i32,
}

/// A member enrolled a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorEnrolled {
    /// Who.
    pub user_id: UserId,
}

/// A member removed their second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorRemoved {
    /// Who.
    pub user_id: UserId,
}

/// A member signed in with a recovery code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodeUsed {
    /// Who.
    pub user_id: UserId,
    /// Codes that are left.
    pub left: i64,
}

/// A member was given new recovery codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodesRenewed {
    /// Who.
    pub user_id: UserId,
}

/// The tenant's plan or its status changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionUpdated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The plan.
    pub plan: String,
    /// `active`, `trialing`, `past_due`, …
    pub status: String,
}

subject!(TenantCreated, TenantCreated, "tenant", |e| e.tenant_id);
subject!(TenantUpdated, TenantUpdated, "tenant", |e| e.tenant_id);
subject!(MemberJoined, MemberJoined, "user", |e| e.user_id);
subject!(MemberRemoved, MemberRemoved, "user", |e| e.user_id);
subject!(RoleChanged, RoleChanged, "user", |e| e.user_id);
subject!(ApiKeyCreated, ApiKeyCreated, "api_key", |e| e.api_key_id);
subject!(ApiKeyRevoked, ApiKeyRevoked, "api_key", |e| e.api_key_id);
subject!(RefreshTokenReused, RefreshTokenReused, "session", |e| e.session_id);
subject!(LoginThrottled, LoginThrottled, "user", |e| e.user_id);
subject!(SecondFactorEnrolled, SecondFactorEnrolled, "user", |e| e.user_id);
subject!(SecondFactorRemoved, SecondFactorRemoved, "user", |e| e.user_id);
subject!(RecoveryCodeUsed, RecoveryCodeUsed, "user", |e| e.user_id);
subject!(RecoveryCodesRenewed, RecoveryCodesRenewed, "user", |e| e.user_id);
subject!(SubscriptionUpdated, SubscriptionUpdated, "subscription", |e| e.tenant_id);
