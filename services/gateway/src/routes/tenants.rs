//! Tenants and their members.

use common::Permission::{MembersRead, MembersWrite, OwnersWrite, TenantsDelete, TenantsWrite};

use super::Access::{Member, Permission, Person, Public};
use super::Local::{
    AcceptInvite, ChangeMember, CreateInvite, CreateTenant, DeleteTenant, LeaveTenant, ListInvites, ListMembers,
    ListRoles, ListTenants, ProveDomains, RemoveMember, RemoveSignIn, ResendInvite, RevokeInvite, SetSignIn,
    ShowSignIn, ShowTenant, UpdateTenant,
};
use super::Verb::{Delete, Get, Patch, Post};
use super::{RateClass, Route};

pub(super) const ROUTES: &[Route] = &[
    Route::local(ListTenants, Get, "/api/v1/tenants", Member).before_second_factor(),
    Route::local(CreateTenant, Post, "/api/v1/tenants", Person).account_wide(),
    Route::local(ShowTenant, Get, "/api/v1/tenants/current", Member),
    Route::local(UpdateTenant, Patch, "/api/v1/tenants/current", Permission(TenantsWrite)),
    Route::local(DeleteTenant, Delete, "/api/v1/tenants/current", Permission(TenantsDelete)),
    Route::local(ShowSignIn, Get, "/api/v1/tenants/current/sign-in", Permission(OwnersWrite)),
    Route::local(SetSignIn, Patch, "/api/v1/tenants/current/sign-in", Permission(OwnersWrite)),
    Route::local(RemoveSignIn, Delete, "/api/v1/tenants/current/sign-in", Permission(OwnersWrite)),
    Route::local(ProveDomains, Post, "/api/v1/tenants/current/sign-in/domains/verify", Permission(OwnersWrite)),
    Route::local(ListRoles, Get, "/api/v1/tenants/current/roles", Member),
    Route::local(ListMembers, Get, "/api/v1/tenants/current/members", Permission(MembersRead)),
    Route::local(ChangeMember, Patch, "/api/v1/tenants/current/members/{id}", Permission(MembersWrite)),
    Route::local(RemoveMember, Delete, "/api/v1/tenants/current/members/{id}", Permission(MembersWrite)),
    Route::local(LeaveTenant, Post, "/api/v1/tenants/current/leave", Person).done_when("member_removed"),
    Route::local(CreateInvite, Post, "/api/v1/tenants/current/invites", Permission(MembersWrite))
        .counted(RateClass::Mail),
    Route::local(ListInvites, Get, "/api/v1/tenants/current/invites", Permission(MembersRead)),
    Route::local(RevokeInvite, Delete, "/api/v1/tenants/current/invites/{id}", Permission(MembersWrite)),
    Route::local(ResendInvite, Post, "/api/v1/tenants/current/invites/{id}/resend", Permission(MembersWrite))
        .counted(RateClass::Mail),
    Route::local(AcceptInvite, Post, "/api/v1/tenants/invites/accept", Public).counted(RateClass::SignIn),
];
