//! Tenants and their members.

use common::Permission::{MembersRead, MembersWrite, TenantsWrite};

use super::Access::{Member, Permission, Person};
use super::Local::{
    ChangeMember, CreateTenant, ListMembers, ListRoles, ListTenants, RemoveMember, ShowTenant, UpdateTenant,
};
use super::Route;
use super::Verb::{Delete, Get, Patch, Post};

pub(super) const ROUTES: &[Route] = &[
    Route::local(ListTenants, Get, "/api/v1/tenants", Member).before_second_factor(),
    Route::local(CreateTenant, Post, "/api/v1/tenants", Person),
    Route::local(ShowTenant, Get, "/api/v1/tenants/current", Member),
    Route::local(UpdateTenant, Patch, "/api/v1/tenants/current", Permission(TenantsWrite)),
    Route::local(ListRoles, Get, "/api/v1/tenants/current/roles", Member),
    Route::local(ListMembers, Get, "/api/v1/tenants/current/members", Permission(MembersRead)),
    Route::local(ChangeMember, Patch, "/api/v1/tenants/current/members/{id}", Permission(MembersWrite)),
    Route::local(RemoveMember, Delete, "/api/v1/tenants/current/members/{id}", Permission(MembersWrite)),
];
