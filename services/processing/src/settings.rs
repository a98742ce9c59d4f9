//! The service's settings.

use ::settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, ServerSettings, SettingsError, TelemetrySettings, Validate,
};
use language_model::LanguageModelSettings;
use outbound::OutboundSettings;
use serde::Deserialize;

/// Everything that can be set, by file or by `VERDICT__SECTION__KEY`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessingSettings {
    /// Where it listens.
    #[serde(default)]
    pub server: ServerSettings,
    /// Its database.
    pub database: DatabaseSettings,
    /// The message broker.
    pub broker: BrokerSettings,
    /// The gateway's public keys.
    pub internal: InternalSettings,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// The compiled rules kept in memory.
    #[serde(default)]
    pub rules: RulesSettings,
    /// The language model.
    #[serde(default)]
    pub language_model: LanguageModelSettings,
    /// Where calls that leave the house may go.
    #[serde(default)]
    pub outbound: OutboundSettings,
}

/// `rules`: compiled rule sets in memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesSettings {
    /// About how much memory they may take, in bytes (`VERDICT__RULES__CACHE_BYTES`).
    pub cache_bytes: u64,
    /// How many previews run at a time in one process (`VERDICT__RULES__CONCURRENT_PREVIEWS`); further ones wait.
    pub concurrent_previews: usize,
}

impl Default for RulesSettings {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, concurrent_previews: 2 }
    }
}

impl Validate for ProcessingSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.server.validate()?;
        self.database.validate()?;
        self.telemetry.validate()?;
        self.outbound.validate()?;
        self.language_model.validate()
    }
}
