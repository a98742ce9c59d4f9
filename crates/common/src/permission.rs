//! Permissions: `resource:action`, granted by roles and narrowed by API-key scopes.

use std::fmt;

macro_rules! permissions {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// One thing that a principal may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each variant is its own name, resource then action")]
        pub enum Permission {
            $($variant),+
        }

        impl Permission {
            /// Every permission there is.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name on the wire: `resource:action`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

permissions! {
    TenantsRead = "tenants:read",
    TenantsWrite = "tenants:write",
    TenantsDelete = "tenants:delete",
    OwnersWrite = "owners:write",
    MembersRead = "members:read",
    MembersWrite = "members:write",
    ApiKeysRead = "api-keys:read",
    ApiKeysWrite = "api-keys:write",
    LabelsRead = "labels:read",
    LabelsWrite = "labels:write",
    IntegrationsRead = "integrations:read",
    IntegrationsWrite = "integrations:write",
    RecordsRead = "records:read",
    RecordsWrite = "records:write",
    RulesRead = "rules:read",
    RulesWrite = "rules:write",
    RulesTest = "rules:test",
    RulesPropose = "rules:propose",
    ProcessingRead = "processing:read",
    ProcessingWrite = "processing:write",
    ApprovalsRead = "approvals:read",
    ApprovalsDecide = "approvals:decide",
    ReportsRead = "reports:read",
    ExportsWrite = "exports:write",
    BillingRead = "billing:read",
    BillingWrite = "billing:write",
    EventsRead = "events:read",
    FilesRead = "files:read",
    FilesWrite = "files:write",
}

impl Permission {
    /// The permission of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
