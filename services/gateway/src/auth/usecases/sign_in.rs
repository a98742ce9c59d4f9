//! Signing in through the tenant's own identity provider: setting it up, going there, coming back.

pub(crate) mod begin;
pub(crate) mod configure;
pub(crate) mod finish;
pub(crate) mod prove;
pub(crate) mod prove_domains;
pub(crate) mod refuse;
pub(crate) mod remove;

use common::TenantId;
use common::event::SignInState;
use db::DbError;

use crate::auth::store::sign_in_providers::{DomainRow, ProviderRow};
use crate::tenants::store::role_of;

/// What a client's secret is sealed for.
fn purpose(tenant: TenantId) -> String {
    format!("{tenant}/sign-in-client")
}

/// The provider as events tell it.
fn told(row: &ProviderRow, domains: &[DomainRow]) -> Result<SignInState, DbError> {
    Ok(SignInState {
        issuer: row.issuer.clone(),
        client_id: row.client_id.clone(),
        domains: domains.iter().map(|row| row.domain.clone()).collect(),
        default_role: role_of(&row.default_role)?,
        second_factor: row.second_factor.clone(),
        session_hours: row.session_hours,
        enabled: row.enabled,
        required: row.required,
    })
}
