//! Layered settings: defaults, then a file, then `VERDICT__SECTION__KEY` from the environment.
//!
//! Each service composes its own struct of the sections here and of sections of its own, and loads it with
//! [`load`]. Secrets are wrapped, so that neither logs nor `check-config` show them.

mod sealing;
mod sections;

pub use sealing::{OpenError, SealedBytes, Sealer, SealingSettings};
pub use secrecy::{ExposeSecret, SecretString};
pub use sections::{
    BrokerSettings, DatabaseSettings, InternalSettings, PublicSettings, ServerSettings, TelemetrySettings,
};

use std::path::Path;

use config::{Config, Environment, File};
use serde::de::DeserializeOwned;

/// Settings that cannot be used; the message names the key and the environment variable.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file is missing, or a value is missing or of the wrong type.
    #[error("{0}. Set it in the file given by --config, or as VERDICT__SECTION__KEY in the environment")]
    Unreadable(#[from] config::ConfigError),
    /// A value has the right type but cannot work.
    #[error("{key} ({env}): {reason}")]
    Invalid {
        /// `section.key`.
        key: String,
        /// The environment variable that sets it.
        env: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl SettingsError {
    /// A value that cannot work.
    #[must_use]
    pub fn invalid(key: &str, reason: impl Into<String>) -> Self {
        let env = format!("VERDICT__{}", key.to_uppercase().replace('.', "__"));
        Self::Invalid { key: key.to_owned(), env, reason: reason.into() }
    }
}

/// Settings that can say whether they make sense together.
pub trait Validate {
    /// Checks what types alone cannot.
    ///
    /// # Errors
    /// The first value that cannot work.
    fn validate(&self) -> Result<(), SettingsError>;
}

/// Loads and checks a service's settings.
///
/// # Errors
/// When a file is missing, a value is missing or malformed, or a check fails.
pub fn load<S: DeserializeOwned + Validate>(file: Option<&Path>) -> Result<S, SettingsError> {
    let mut builder = Config::builder();
    if let Some(file) = file {
        builder = builder.add_source(File::from(file));
    }
    let environment = Environment::with_prefix("VERDICT").prefix_separator("__").separator("__").try_parsing(true);
    let settings: S = builder.add_source(environment).build()?.try_deserialize()?;
    settings.validate()?;
    Ok(settings)
}
