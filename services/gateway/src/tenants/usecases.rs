//! What can be done with tenants and members, each in one transaction.

pub(crate) mod accept_invite;
pub(crate) mod change_member;
pub(crate) mod create_invite;
pub(crate) mod create_tenant;
pub(crate) mod delete_tenant;
pub(crate) mod remove_member;
pub(crate) mod resend_invite;
pub(crate) mod revoke_invite;
pub(crate) mod set_plans;
pub(crate) mod update_tenant;
