//! The gateway's own part of the document.

use utoipa::OpenApi;

use crate::auth::http as auth;
use crate::tenants::http as tenants;

#[derive(OpenApi)]
#[openapi(
    info(title = "gateway", description = "Signing in, tenants and their members"),
    paths(
        auth::signup::signup,
        auth::login::login,
        auth::refresh::refresh,
        auth::switch_tenant::switch_tenant,
        auth::logout::logout,
        auth::me::show_me,
        auth::sessions::list::list_sessions,
        auth::sessions::revoke::revoke_session,
        auth::sessions::revoke_all::revoke_sessions,
        auth::password::forgot::forgot_password,
        auth::password::reset::reset_password,
        auth::password::change::change_password,
        auth::api_keys::create::create_api_key,
        auth::api_keys::list::list_api_keys,
        auth::api_keys::revoke::revoke_api_key,
        auth::totp::show::show_totp,
        auth::totp::enrol::enrol_totp,
        auth::totp::confirm::confirm_totp,
        auth::totp::remove::remove_totp,
        auth::totp::renew::renew_recovery_codes,
        auth::totp::prove::prove_totp,
        auth::oidc::discover::discover_sign_in,
        auth::oidc::start::start_sign_in,
        auth::oidc::link::link_sign_in,
        auth::oidc::callback::finish_sign_in,
        auth::jwks::show_jwks,
        tenants::list::list_tenants,
        tenants::create::create_tenant,
        tenants::show::show_tenant,
        tenants::update::update_tenant,
        tenants::delete::delete_tenant,
        tenants::sign_in::show::show_sign_in,
        tenants::sign_in::set::set_sign_in,
        tenants::sign_in::remove::remove_sign_in,
        tenants::sign_in::verify::verify_domains,
        tenants::roles::list_roles,
        tenants::members::list::list_members,
        tenants::members::change::change_member,
        tenants::members::remove::remove_member,
        tenants::leave::leave_tenant,
        tenants::invites::create::create_invite,
        tenants::invites::list::list_invites,
        tenants::invites::revoke::revoke_invite,
        tenants::invites::resend::resend_invite,
        tenants::invites::accept::accept_invite,
    ),
    components(schemas(common::ApiKeyId))
)]
struct Own;

/// The gateway's own calls, bodies as they are inside the envelope.
pub(crate) fn own() -> utoipa::openapi::OpenApi {
    Own::openapi()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/openapi/gateway.json");
        let current = super::own().to_pretty_json().expect("serialises") + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/openapi/gateway.json exists");
        assert_eq!(written, current, "run `make docs` to generate proto-docs/openapi/gateway.json anew");
    }
}
