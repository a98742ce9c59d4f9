//! Who is calling: the principal behind a request, and the actor written on every event.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Permission, Role, TenantId};

/// The kind and id of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Principal {
    /// A signed-in person.
    User(Uuid),
    /// A machine with an API key.
    ApiKey(Uuid),
}

impl Principal {
    /// The id of the user or key.
    #[must_use]
    pub const fn id(self) -> Uuid {
        match self {
            Self::User(id) | Self::ApiKey(id) => id,
        }
    }
}

/// An authenticated caller inside one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The tenant that the call acts in.
    pub tenant_id: TenantId,
    /// Who calls.
    pub principal: Principal,
    /// The principal's role in the tenant.
    pub role: Role,
    /// Permissions left to an API key; `None` means all of the role's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// A name for people to read: an e-mail address or a key's name.
    pub display_name: String,
}

impl Identity {
    /// Whether role and scopes together allow the permission.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.grants(permission)
            && self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| scope == permission.as_str()))
    }

    /// The actor to write on events that this caller causes.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let kind = match self.principal {
            Principal::User(_) => ActorKind::User,
            Principal::ApiKey(_) => ActorKind::ApiKey,
        };
        Actor { kind, id: self.principal.id().to_string(), name: Some(self.display_name.clone()) }
    }
}

/// What kind of party caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// A machine with an API key.
    ApiKey,
    /// A source that sent a signed webhook.
    Integration,
    /// A Verdict service acting by itself.
    Service,
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The kind of party.
    #[serde(rename = "type")]
    pub kind: ActorKind,
    /// A UUID, or a service's name.
    pub id: String,
    /// A name for people to read, when one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Actor {
    /// A service acting by itself.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self { kind: ActorKind::Service, id: name.to_owned(), name: None }
    }

    /// A source that sent a signed webhook.
    #[must_use]
    pub fn integration(id: crate::IntegrationId, name: &str) -> Self {
        Self { kind: ActorKind::Integration, id: id.to_string(), name: Some(name.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_only_narrow() {
        let mut identity = Identity {
            tenant_id: TenantId::generate(),
            principal: Principal::ApiKey(Uuid::nil()),
            role: Role::Agent,
            scopes: Some(vec!["records:read".into(), "billing:write".into()]),
            display_name: "robot".into(),
        };
        assert!(identity.may(Permission::RecordsRead));
        assert!(!identity.may(Permission::RecordsWrite), "left out of the scopes");
        assert!(!identity.may(Permission::BillingWrite), "a scope cannot widen the role");
        identity.scopes = None;
        assert!(identity.may(Permission::RecordsWrite));
    }
}
