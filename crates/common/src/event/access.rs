//! Events of tenants, members, credentials and subscriptions.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{ApiKeyId, DateTime, InviteId, Role, SessionId, TenantId, UserId};

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
    /// What was changed, as it was; absent in events of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TenantParts>,
    /// What was changed, as it is now; absent in events of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TenantParts>,
}

/// A tenant was deleted. Whoever holds data of it forgets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantDeleted {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its last name.
    pub name: String,
}

/// The parts of a tenant that a change touched; the others are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantParts {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// IANA time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Its clients' settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<serde_json::Value>,
}

/// Somebody was invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberInvited {
    /// The invite.
    pub invite_id: InviteId,
    /// Whose mailbox it went to.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Until when it can be accepted.
    pub expires_at: DateTime,
}

/// An invite was mailed again, with a new link and a new end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteResent {
    /// The invite.
    pub invite_id: InviteId,
    /// Whose mailbox it went to.
    pub email: String,
    /// The role before.
    pub before: Role,
    /// The role now.
    pub after: Role,
    /// Until when it can be accepted.
    pub expires_at: DateTime,
}

/// An invite was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteRevoked {
    /// The invite.
    pub invite_id: InviteId,
    /// Whose it was.
    pub email: String,
    /// The role that it offered.
    pub role: Role,
    /// `revoked`, or `inviter_removed`.
    pub reason: String,
}

/// A member set another password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChanged {
    /// The person.
    pub user_id: UserId,
    /// `change` with the former password, `reset` by a mailed link.
    pub by: String,
    /// How many of their sessions in this tenant ended with it.
    pub ended_sessions: u32,
}

/// A member ended sessions of theirs from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionsRevoked {
    /// The person.
    pub user_id: UserId,
    /// The sessions in this tenant that ended.
    pub session_ids: Vec<SessionId>,
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
    /// The invite that they accepted, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_id: Option<InviteId>,
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
subject!(TenantDeleted, TenantDeleted, "tenant", |e| e.tenant_id);
subject!(MemberInvited, MemberInvited, "invite", |e| e.invite_id);
subject!(InviteResent, InviteResent, "invite", |e| e.invite_id);
subject!(InviteRevoked, InviteRevoked, "invite", |e| e.invite_id);
subject!(PasswordChanged, PasswordChanged, "user", |e| e.user_id);
subject!(SessionsRevoked, SessionsRevoked, "user", |e| e.user_id);
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
