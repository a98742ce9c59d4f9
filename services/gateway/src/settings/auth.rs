//! `auth`: passwords, tokens and sessions.

use serde::Deserialize;
use settings::{SettingsError, Validate};

/// `auth`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// Life of an access token, in seconds (`VERDICT__AUTH__ACCESS_TOKEN_SECONDS`).
    pub access_token_seconds: i64,
    /// Life of a refresh token that is not used, in days (`VERDICT__AUTH__REFRESH_TOKEN_DAYS`).
    pub refresh_token_days: i64,
    /// Age at which the signing key is replaced, in days (`VERDICT__AUTH__KEY_ROTATION_DAYS`).
    pub key_rotation_days: i64,
    /// How long a checked access token is believed, in seconds, at most 60: what a revoked session can still do
    /// (`VERDICT__AUTH__TOKEN_CHECK_SECONDS`).
    pub token_check_seconds: u64,
    /// The same for API keys, at most 5 (`VERDICT__AUTH__API_KEY_CHECK_SECONDS`).
    pub api_key_check_seconds: u64,
    /// Argon2id.
    pub hashing: HashingSettings,
}

/// `auth.hashing`: what a password hash costs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HashingSettings {
    /// Memory, in KiB (`VERDICT__AUTH__HASHING__MEMORY_KIB`).
    pub memory_kib: u32,
    /// Passes (`VERDICT__AUTH__HASHING__ITERATIONS`).
    pub iterations: u32,
    /// Lanes (`VERDICT__AUTH__HASHING__LANES`).
    pub lanes: u32,
    /// Hashes computed at the same time; more wait (`VERDICT__AUTH__HASHING__CONCURRENCY`).
    pub concurrency: usize,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            access_token_seconds: 900,
            refresh_token_days: 30,
            key_rotation_days: 30,
            token_check_seconds: 30,
            api_key_check_seconds: 5,
            hashing: HashingSettings::default(),
        }
    }
}

impl Default for HashingSettings {
    fn default() -> Self {
        // OWASP's first choice for Argon2id.
        Self { memory_kib: 19_456, iterations: 2, lanes: 1, concurrency: 2 }
    }
}

impl Validate for AuthSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        let positive = [
            ("auth.access_token_seconds", self.access_token_seconds),
            ("auth.refresh_token_days", self.refresh_token_days),
            ("auth.key_rotation_days", self.key_rotation_days),
        ];
        for (key, value) in positive {
            if value < 1 {
                return Err(SettingsError::invalid(key, "must be at least 1"));
            }
        }
        if !(1..=60).contains(&self.token_check_seconds) {
            return Err(SettingsError::invalid("auth.token_check_seconds", "must be from 1 to 60"));
        }
        if !(1..=5).contains(&self.api_key_check_seconds) {
            return Err(SettingsError::invalid("auth.api_key_check_seconds", "must be from 1 to 5"));
        }
        if self.hashing.concurrency == 0 {
            return Err(SettingsError::invalid("auth.hashing.concurrency", "must be at least 1"));
        }
        let HashingSettings { memory_kib, iterations, lanes, .. } = self.hashing;
        argon2::Params::new(memory_kib, iterations, lanes, None)
            .map(drop)
            .map_err(|error| SettingsError::invalid("auth.hashing", format!("Argon2 does not take it: {error}")))
    }
}
