//! Rows of people, sessions and credentials; the only place of `auth` that knows the database.

pub(crate) mod api_keys;
pub(crate) mod password_resets;
pub(crate) mod refresh_tokens;
pub(crate) mod second_factors;
pub(crate) mod sessions;
pub(crate) mod sign_in_failures;
pub(crate) mod sign_in_flows;
pub(crate) mod sign_in_identities;
pub(crate) mod sign_in_providers;
pub(crate) mod signing_keys;
pub(crate) mod users;
