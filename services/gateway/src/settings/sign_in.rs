//! `sign_in`: tenants' own identity providers.

use serde::Deserialize;
use settings::{SettingsError, Validate};

use crate::auth::oidc::parse_servers;

/// `sign_in`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// Longest wait for one answer of an identity provider, in milliseconds (`VERDICT__SIGN_IN__PATIENCE_MILLIS`).
    pub patience_millis: u64,
    /// How long no unknown key makes the gateway ask a provider for its keys again, after one did, in seconds
    /// (`VERDICT__SIGN_IN__KEY_PAUSE_SECONDS`).
    pub key_pause_seconds: i64,
    /// Whether a tenant has to prove that an e-mail domain is its own, by a TXT record of it; otherwise owners are
    /// believed, for installations with tenants of one house (`VERDICT__SIGN_IN__PROVE_DOMAINS`).
    pub prove_domains: bool,
    /// The name servers that are asked for it, as addresses with commas between them; when empty those of this machine's
    /// `/etc/resolv.conf` (`VERDICT__SIGN_IN__NAME_SERVERS`).
    pub name_servers: String,
    /// A resolver that is asked instead, by HTTPS and in JSON, where plain name service does not leave the house. Whoever
    /// runs it learns the domains (`VERDICT__SIGN_IN__RESOLVER_URL`).
    pub resolver_url: String,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self {
            patience_millis: 10_000,
            key_pause_seconds: 30,
            prove_domains: true,
            name_servers: String::new(),
            resolver_url: String::new(),
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
        if parse_servers(&self.name_servers).is_none() {
            let message = "must be addresses such as 192.0.2.53 or [2001:db8::53]:53, with commas between them";
            return Err(SettingsError::invalid("sign_in.name_servers", message));
        }
        Ok(())
    }
}
