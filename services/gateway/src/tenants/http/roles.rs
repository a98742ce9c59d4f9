//! `GET /tenants/current/roles`.

use common::page::Page;
use common::{Permission, Role};
use serde::Serialize;
use utoipa::ToSchema;
use web::Reply;

/// A role and what it allows.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoleView {
    role: Role,
    /// `resource:action`.
    permissions: Vec<&'static str>,
}

/// Lists the roles, from most to least powerful.
#[utoipa::path(
    get, path = "/api/v1/tenants/current/roles", tag = "tenants",
    responses((status = 200, body = Vec<RoleView>, description = "Every role with its permissions"))
)]
pub(crate) async fn list_roles() -> Reply {
    let roles = Role::ALL
        .into_iter()
        .map(|role| RoleView { role, permissions: role.permissions().map(Permission::as_str).collect() });
    Reply::page(Page { items: roles.collect(), next_cursor: None })
}
