//! The rule that an override asks for, and whether it may decide at once.

use common::rule::RuleStatus;
use common::{Identity, Permission};

/// A rule to be made along with an override; its label is the override's.
#[derive(Clone, Debug)]
pub(crate) struct RuleWish {
    pub(crate) name: String,
    pub(crate) condition: String,
    pub(crate) priority: i32,
    /// As asked for; `None` leaves it to the caller's permissions.
    pub(crate) status: Option<RuleStatus>,
}

/// The status that the rule gets: whoever may only propose rules gets one that watches and does not decide.
///
/// # Errors
/// The permission that is missing.
pub(crate) fn status_of_wish(asked: Option<RuleStatus>, identity: &Identity) -> Result<RuleStatus, Permission> {
    if identity.may(Permission::RulesWrite) {
        return Ok(asked.unwrap_or(RuleStatus::Active));
    }
    if !identity.may(Permission::RulesPropose) {
        return Err(Permission::RulesPropose);
    }
    match asked {
        None | Some(RuleStatus::Shadow) => Ok(RuleStatus::Shadow),
        Some(RuleStatus::Disabled) => Ok(RuleStatus::Disabled),
        Some(RuleStatus::Active) => Err(Permission::RulesWrite),
    }
}

#[cfg(test)]
mod tests {
    use common::{Principal, Role, TenantId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_rule_writers_may_have_a_rule_decide_at_once() {
        use RuleStatus::{Active, Disabled, Shadow};
        let cases = [
            (Role::Owner, None, Ok(Active)),
            (Role::Admin, Some(Shadow), Ok(Shadow)),
            (Role::Reviewer, None, Ok(Shadow)),
            (Role::Reviewer, Some(Shadow), Ok(Shadow)),
            (Role::Reviewer, Some(Disabled), Ok(Disabled)),
            (Role::Reviewer, Some(Active), Err(Permission::RulesWrite)),
            (Role::Analyst, None, Err(Permission::RulesPropose)),
        ];
        for (role, asked, expected) in cases {
            let identity = Identity {
                tenant_id: TenantId::generate(),
                principal: Principal::User(Uuid::nil()),
                role,
                scopes: None,
                display_name: "somebody".into(),
            };
            assert_eq!(status_of_wish(asked, &identity), expected, "{role:?} asks for {asked:?}");
        }
    }
}
