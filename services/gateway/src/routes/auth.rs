//! Signing in, sessions and API keys.

use common::Permission::{ApiKeysRead, ApiKeysWrite};

use super::Access::{Member, Permission, Person, Public};
use super::Local::{
    ChangePassword, CreateApiKey, ForgotPassword, ListApiKeys, ListSessions, Login, Logout, Refresh, ResetPassword,
    RevokeApiKey, RevokeSession, RevokeSessions, ShowMe, Signup, SwitchTenant,
};
use super::Local::{ConfirmTotp, EnrolTotp, ProveTotp, RemoveTotp, RenewRecoveryCodes, ShowTotp};
use super::Local::{DiscoverSignIn, FinishSignIn, LinkSignIn, StartSignIn};
use super::Verb::{Delete, Get, Post};
use super::{RateClass, Route};

/// Nobody has a password or token longer than this, in bytes.
const SMALL: usize = 16 << 10;

pub(super) const ROUTES: &[Route] = &[
    Route::local(Signup, Post, "/api/v1/auth/signup", Public).body_limit(SMALL).counted(RateClass::SignUp),
    Route::local(Login, Post, "/api/v1/auth/login", Public).body_limit(SMALL).counted(RateClass::SignIn),
    Route::local(Refresh, Post, "/api/v1/auth/refresh", Public).body_limit(SMALL),
    Route::local(SwitchTenant, Post, "/api/v1/auth/tenant", Person)
        .body_limit(SMALL)
        .before_second_factor()
        .account_wide(),
    Route::local(Logout, Post, "/api/v1/auth/logout", Person)
        .body_limit(SMALL)
        .before_second_factor()
        .done_when("logout"),
    Route::local(ShowMe, Get, "/api/v1/auth/me", Member).before_second_factor(),
    Route::local(ListSessions, Get, "/api/v1/auth/sessions", Person),
    Route::local(RevokeSession, Delete, "/api/v1/auth/sessions/{id}", Person),
    Route::local(RevokeSessions, Delete, "/api/v1/auth/sessions", Person).account_wide(),
    Route::local(ForgotPassword, Post, "/api/v1/auth/password/forgot", Public)
        .body_limit(SMALL)
        .counted(RateClass::Mail),
    Route::local(ResetPassword, Post, "/api/v1/auth/password/reset", Public)
        .body_limit(SMALL)
        .counted(RateClass::SignIn),
    Route::local(ChangePassword, Post, "/api/v1/auth/password/change", Person)
        .body_limit(SMALL)
        .counted(RateClass::SignIn)
        .account_wide(),
    Route::local(ShowTotp, Get, "/api/v1/auth/totp", Person).before_second_factor(),
    Route::local(EnrolTotp, Post, "/api/v1/auth/totp", Person).body_limit(SMALL).before_second_factor().account_wide(),
    Route::local(ConfirmTotp, Post, "/api/v1/auth/totp/confirm", Person)
        .body_limit(SMALL)
        .before_second_factor()
        .account_wide(),
    Route::local(RemoveTotp, Delete, "/api/v1/auth/totp", Person).body_limit(SMALL).account_wide(),
    Route::local(RenewRecoveryCodes, Post, "/api/v1/auth/totp/recovery-codes", Person).body_limit(SMALL).account_wide(),
    Route::local(ProveTotp, Post, "/api/v1/auth/totp/prove", Person).body_limit(SMALL).before_second_factor(),
    Route::local(DiscoverSignIn, Get, "/api/v1/auth/oidc/discover", Public).counted(RateClass::SignIn),
    Route::local(StartSignIn, Post, "/api/v1/auth/oidc/start", Public).body_limit(SMALL).counted(RateClass::SignIn),
    Route::local(LinkSignIn, Post, "/api/v1/auth/oidc/link", Person)
        .body_limit(SMALL)
        .counted(RateClass::SignIn)
        .before_provider()
        .account_wide(),
    Route::local(FinishSignIn, Post, "/api/v1/auth/oidc/callback", Public).body_limit(SMALL).counted(RateClass::SignIn),
    Route::local(CreateApiKey, Post, "/api/v1/auth/api-keys", Permission(ApiKeysWrite)).body_limit(SMALL),
    Route::local(ListApiKeys, Get, "/api/v1/auth/api-keys", Permission(ApiKeysRead)),
    Route::local(RevokeApiKey, Delete, "/api/v1/auth/api-keys/{id}", Permission(ApiKeysWrite)),
];
