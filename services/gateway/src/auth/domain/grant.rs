//! What a caller may hand on to an API key: nothing that the caller may not do.

use common::{Identity, Permission, Role};

/// The permissions of a key with this role and these scopes.
pub(crate) fn permissions_of<'s>(role: Role, scopes: Option<&'s [String]>) -> impl Iterator<Item = Permission> + 's {
    role.permissions()
        .filter(move |permission| scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope == permission.as_str())))
}

/// The first permission that the key would have and its maker has not.
pub(crate) fn excess(maker: &Identity, role: Role, scopes: Option<&[String]>) -> Option<Permission> {
    permissions_of(role, scopes).find(|permission| !maker.may(*permission))
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Principal, TenantId, UserId};

    #[test]
    fn a_key_gets_no_more_than_its_maker_has() {
        let admin = Identity {
            tenant_id: TenantId::generate(),
            principal: Principal::User(UserId::generate().0),
            role: Role::Admin,
            scopes: None,
            display_name: "ann@example.com".into(),
        };
        assert_eq!(excess(&admin, Role::Admin, None), None);
        assert_eq!(excess(&admin, Role::Agent, None), None);
        assert_eq!(excess(&admin, Role::Owner, None), Some(Permission::BillingWrite));
        assert_eq!(excess(&admin, Role::Owner, Some(&["records:read".into()])), None, "narrowed to what an admin has");
        let narrowed = Identity { scopes: Some(vec!["api-keys:write".into()]), ..admin };
        assert_eq!(excess(&narrowed, Role::Agent, None), Some(Permission::RecordsWrite));
    }
}
