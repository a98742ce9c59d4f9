//! What several calls of `tenants` and `auth` answer with.

use common::{DateTime, Role, TenantId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::tenants::store::memberships::{Member, Membership};
use crate::tenants::store::tenants::TenantRow;

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantView {
    /// Its id.
    pub id: TenantId,
    /// What it is called.
    pub name: String,
    /// IANA time zone, for reports and dates in texts.
    pub timezone: String,
    /// Anything that its clients want to keep, as they sent it.
    #[schema(value_type = Object)]
    pub settings: Box<RawValue>,
    /// The plan in force.
    pub plan: String,
    /// Raised by every change; also the `ETag`.
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime,
}

/// A tenant in the list of a person's tenants.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TenantEntry {
    /// Its id.
    pub id: TenantId,
    /// What it is called.
    pub name: String,
    /// What the caller is in it.
    pub role: Role,
}

/// A member of a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberView {
    /// The person.
    pub user_id: UserId,
    /// Their e-mail address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they are in the tenant.
    pub role: Role,
    /// When they joined.
    pub joined_at: DateTime,
    /// Raised by every change; also the `ETag`.
    pub version: i32,
}

impl From<TenantRow> for TenantView {
    fn from(row: TenantRow) -> Self {
        let settings = RawValue::from_string(row.settings).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self {
            id: TenantId(row.id),
            name: row.name,
            timezone: row.timezone,
            settings,
            plan: row.plan,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

impl From<Membership> for TenantEntry {
    fn from(membership: Membership) -> Self {
        Self { id: membership.tenant, name: membership.name, role: membership.role }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user,
            email: member.email,
            name: member.name,
            role: member.role,
            joined_at: member.joined_at,
            version: member.version,
        }
    }
}
