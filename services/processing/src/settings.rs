//! The service's settings.

use std::path::PathBuf;

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
    /// Vectors, and what is learnt with them.
    #[serde(default)]
    pub embeddings: EmbeddingsSettings,
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

/// `embeddings`: where vectors come from, and how tenants' memories and models are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddingsSettings {
    /// Where vectors come from (`VERDICT__EMBEDDINGS__SOURCE`): `in_process`, `remote`, `hashed` or `off`.
    pub source: EmbeddingSource,
    /// The folder of the weights (`VERDICT__EMBEDDINGS__MODEL_DIR`); else `MODEL_DIR`, else what `make model` fetched.
    pub model_dir: Option<PathBuf>,
    /// How the weights are kept (`VERDICT__EMBEDDINGS__PRECISION`): `int8` or `f32`. Another one is another model: every
    /// vector is made anew.
    pub precision: WeightsPrecision,
    /// Threads that embed (`VERDICT__EMBEDDINGS__THREADS`); each takes a core while it does. As many as there are cores.
    pub threads: Option<usize>,
    /// About how much memory tenants' memories may take, in bytes (`VERDICT__EMBEDDINGS__CACHE_BYTES`).
    pub cache_bytes: u64,
    /// For so long a process that decides records keeps others from it (`VERDICT__EMBEDDINGS__LEASE_SECONDS`). When it
    /// has died, another goes on after that.
    pub lease_seconds: u32,
    /// A model is fitted anew after so many decisions of people (`VERDICT__EMBEDDINGS__REFIT_AFTER`), or a tenth of
    /// those that it knows if that is more …
    pub refit_after: u32,
    /// … and after fewer once it is so old (`VERDICT__EMBEDDINGS__REFIT_SECONDS`).
    pub refit_seconds: u32,
}

/// Where vectors come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingSource {
    /// The encoder in this process, with the weights of `model_dir`.
    #[default]
    InProcess,
    /// The embedding model of `language_model`'s endpoint. Texts leave the house, and each costs of the tenant's budget.
    Remote,
    /// Hashes of words, without any files: for tests and trials. It knows words and no meaning.
    Hashed,
    /// None.
    Off,
}

/// How an encoder's weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightsPrecision {
    /// One byte a weight: a quarter of the memory, and faster.
    #[default]
    Int8,
    /// As they are in the file.
    F32,
}

impl Default for EmbeddingsSettings {
    fn default() -> Self {
        Self {
            source: EmbeddingSource::default(),
            model_dir: None,
            precision: WeightsPrecision::default(),
            threads: None,
            cache_bytes: 256 << 20,
            lease_seconds: 120,
            refit_after: 25,
            refit_seconds: 60,
        }
    }
}

impl Validate for EmbeddingsSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        let ranges = [
            ("threads", self.threads.unwrap_or(1) as u64, 1, 1_024),
            ("cache_bytes", self.cache_bytes, 1 << 20, 1 << 40),
            ("lease_seconds", u64::from(self.lease_seconds), 1, 3_600),
            ("refit_after", u64::from(self.refit_after), 1, 100_000),
            ("refit_seconds", u64::from(self.refit_seconds), 0, 86_400),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let key = format!("embeddings.{key}");
                return Err(SettingsError::invalid(&key, format!("must be from {least} to {most}")));
            }
        }
        Ok(())
    }
}

impl Validate for ProcessingSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.server.validate()?;
        self.database.validate()?;
        self.embeddings.validate()?;
        self.telemetry.validate()?;
        self.outbound.validate()?;
        self.language_model.validate()
    }
}
