//! What can be done with people, sessions and credentials, each in one transaction.

pub(crate) mod answer_reset_requests;
pub(crate) mod backoff;
pub(crate) mod change_password;
pub(crate) mod confirm_caller;
pub(crate) mod create_api_key;
pub(crate) mod login;
pub(crate) mod open_session;
pub(crate) mod prove_password;
pub(crate) mod refresh;
pub(crate) mod rehash;
pub(crate) mod reset_password;
pub(crate) mod revoke_api_key;
pub(crate) mod revoke_session;
pub(crate) mod second_step;
pub(crate) mod show_me;
pub(crate) mod sign_in;
pub(crate) mod signup;
pub(crate) mod switch_tenant;
pub(crate) mod totp;
