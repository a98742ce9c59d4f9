//! `sign_in`: tenants' own identity providers.

use serde::Deserialize;
use settings::{SettingsError, Validate};

/// `sign_in`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// Longest wait for one answer of an identity provider, in milliseconds (`VERDICT__SIGN_IN__PATIENCE_MILLIS`).
    pub patience_millis: u64,
    /// How long no unknown key makes the gateway ask a provider for its keys again, after one did, in seconds
    /// (`VERDICT__SIGN_IN__KEY_PAUSE_SECONDS`).
    pub key_pause_seconds: i64,
    /// The resolver that is asked whose an e-mail domain is, by HTTPS and in JSON
    /// (`VERDICT__SIGN_IN__RESOLVER_URL`). Empty: owners are believed, for installations with tenants of one house.
    pub resolver_url: String,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self {
            patience_millis: 10_000,
            key_pause_seconds: 30,
            resolver_url: "https://cloudflare-dns.com/dns-query".to_owned(),
        }
    }
}

impl Validate for SignInSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if !(1..=60_000).contains(&self.patience_millis) {
            return Err(SettingsError::invalid("sign_in.patience_millis", "must be from 1 to 60000"));
        }
        if !(1..=3_600).contains(&self.key_pause_seconds) {
            return Err(SettingsError::invalid("sign_in.key_pause_seconds", "must be from 1 to 3600"));
        }
        if !self.resolver_url.is_empty() && outbound::Url::parse(&self.resolver_url).is_err() {
            return Err(SettingsError::invalid("sign_in.resolver_url", "must be an address, or empty"));
        }
        Ok(())
    }
}
