//! What can be done with tenants and members, each in one transaction.

pub(crate) mod change_member;
pub(crate) mod create_tenant;
pub(crate) mod remove_member;
pub(crate) mod set_plans;
pub(crate) mod update_tenant;
