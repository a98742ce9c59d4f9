//! Roles of members and machines inside one tenant.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Permission;
use crate::permission::Permission::{
    ApiKeysRead, ApiKeysWrite, ApprovalsDecide, ApprovalsRead, BillingRead, BillingWrite, EventsRead, ExportsWrite,
    FilesRead, FilesWrite, IntegrationsRead, IntegrationsWrite, LabelsRead, LabelsWrite, MembersRead, MembersWrite,
    OwnersWrite, ProcessingRead, ProcessingWrite, RecordsRead, RecordsWrite, ReportsRead, RulesPropose, RulesRead,
    RulesTest, RulesWrite, TenantsDelete, TenantsRead, TenantsWrite,
};

/// What a member may do in a tenant, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, including billing and deleting the tenant.
    Owner,
    /// Everything except billing changes, ownership and tenant deletion.
    Admin,
    /// Reads all; approves, overrides, claims; proposes rules.
    Reviewer,
    /// Reads all; reports and exports; tests and previews rules.
    Analyst,
    /// A machine: writes and reads records, reads events.
    Agent,
}

const READ_ALL: &[Permission] = &[
    TenantsRead,
    MembersRead,
    ApiKeysRead,
    LabelsRead,
    IntegrationsRead,
    RecordsRead,
    RulesRead,
    ProcessingRead,
    ApprovalsRead,
    ReportsRead,
    BillingRead,
    EventsRead,
    FilesRead,
];
const ADMIN_WRITES: &[Permission] = &[
    TenantsWrite,
    MembersWrite,
    ApiKeysWrite,
    LabelsWrite,
    IntegrationsWrite,
    RecordsWrite,
    RulesWrite,
    RulesTest,
    RulesPropose,
    ProcessingWrite,
    ApprovalsDecide,
    ExportsWrite,
    FilesWrite,
];
const OWNER_WRITES: &[Permission] = &[BillingWrite, TenantsDelete, OwnersWrite];

impl Role {
    /// Every role, from most to least powerful.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Reviewer, Self::Analyst, Self::Agent];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Reviewer => "reviewer",
            Self::Analyst => "analyst",
            Self::Agent => "agent",
        }
    }

    /// The role of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The groups of permissions that make up the role.
    const fn groups(self) -> &'static [&'static [Permission]] {
        match self {
            Self::Owner => &[READ_ALL, ADMIN_WRITES, OWNER_WRITES],
            Self::Admin => &[READ_ALL, ADMIN_WRITES],
            Self::Reviewer => &[READ_ALL, &[ApprovalsDecide, RulesPropose]],
            Self::Analyst => &[READ_ALL, &[ExportsWrite, RulesTest]],
            Self::Agent => &[&[RecordsWrite, RecordsRead, EventsRead]],
        }
    }

    /// Every permission of the role.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        self.groups().iter().flat_map(|group| group.iter().copied())
    }

    /// Whether the role includes the permission.
    #[must_use]
    pub fn grants(self, permission: Permission) -> bool {
        self.groups().iter().any(|group| group.contains(&permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_has_every_permission_and_agent_exactly_three() {
        assert!(Permission::ALL.iter().all(|p| Role::Owner.grants(*p)));
        let agent: Vec<_> = Role::Agent.permissions().map(Permission::as_str).collect();
        assert_eq!(agent, ["records:write", "records:read", "events:read"]);
    }

    #[test]
    fn admin_lacks_billing_changes_ownership_and_deletion() {
        let lacking: Vec<_> =
            Permission::ALL.into_iter().filter(|p| !Role::Admin.grants(*p)).map(Permission::as_str).collect();
        assert_eq!(lacking, ["tenants:delete", "owners:write", "billing:write"]);
    }

    #[test]
    fn names_round_trip() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
