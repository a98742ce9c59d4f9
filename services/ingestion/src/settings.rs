//! The service's settings.

use std::path::PathBuf;

use blobs::BlobSettings;
use outbound::OutboundSettings;
use serde::Deserialize;
use settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, PublicSettings, SealingSettings, ServerSettings, SettingsError,
    TelemetrySettings, Validate,
};

use crate::domain::provider::Catalogue;

/// All settings of the ingestion service.
#[derive(Clone, Debug, Deserialize)]
pub struct IngestionSettings {
    /// Where it listens.
    #[serde(default)]
    pub server: ServerSettings,
    /// Its database.
    pub database: DatabaseSettings,
    /// The message broker.
    pub broker: BrokerSettings,
    /// How it knows the gateway's word.
    pub internal: InternalSettings,
    /// The keys that protect webhook secrets.
    pub sealing: SealingSettings,
    /// The address that webhook URLs begin with.
    #[serde(default)]
    pub public: PublicSettings,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// The intake.
    #[serde(default)]
    pub intake: IntakeSettings,
    /// Files.
    #[serde(default)]
    pub files: FileSettings,
    /// Kinds of sources beside the built-in ones.
    #[serde(default)]
    pub providers: ProviderSettings,
    /// What is kept of rejected deliveries.
    #[serde(default)]
    pub quarantine: QuarantineSettings,
    /// Where calls to providers may go.
    #[serde(default)]
    pub outbound: OutboundSettings,
    /// How sources are pulled.
    #[serde(default)]
    pub pull: PullSettings,
}

/// `files`: how large they may be, and where they are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSettings {
    /// Largest file, in bytes (`VERDICT__FILES__MAX_BYTES`); the gateway lets at most 4 GiB pass.
    pub max_bytes: u64,
    /// A folder or a bucket.
    pub store: BlobSettings,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self { max_bytes: 2 << 30, store: BlobSettings::default() }
    }
}

/// `providers`: kinds of sources that a deployment adds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderSettings {
    /// A folder with one JSON file for each (`VERDICT__PROVIDERS__DIR`); `proto-docs/providers.md` says what is in them.
    pub dir: Option<PathBuf>,
}

impl ProviderSettings {
    /// The built-in kinds and those of the folder.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, SettingsError> {
        let load = |dir: &PathBuf| {
            Catalogue::load(dir).map_err(|error| SettingsError::invalid("providers.dir", error.to_string()))
        };
        self.dir.as_ref().map_or_else(|| Ok(Catalogue::default()), load)
    }
}

impl Validate for ProviderSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.catalogue().map(drop)
    }
}

/// `quarantine`: what is kept of rejected deliveries, of each source. The oldest go first.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuarantineSettings {
    /// For how many days; 0 is for ever (`VERDICT__QUARANTINE__KEEP_DAYS`).
    pub keep_days: u32,
    /// Most bytes of one source, where each delivery counts its body and 512 bytes more; 0 is without bound
    /// (`VERDICT__QUARANTINE__MAX_BYTES`).
    pub max_bytes: u64,
    /// How often to look for what has to go, in milliseconds (`VERDICT__QUARANTINE__EVERY_MILLIS`).
    pub every_millis: u64,
}

impl Default for QuarantineSettings {
    fn default() -> Self {
        Self { keep_days: 30, max_bytes: 256 << 20, every_millis: 60_000 }
    }
}

impl Validate for QuarantineSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if self.keep_days > 3_650 {
            return Err(SettingsError::invalid("quarantine.keep_days", "must be at most 3650"));
        }
        if self.max_bytes > 1 << 40 || (1..1 << 20).contains(&self.max_bytes) {
            return Err(SettingsError::invalid("quarantine.max_bytes", "must be 0, or from 1 MiB to 1 TiB"));
        }
        if !(1..=86_400_000).contains(&self.every_millis) {
            return Err(SettingsError::invalid("quarantine.every_millis", "must be from 1 to 86400000"));
        }
        Ok(())
    }
}

/// `pull`: the workers that ask sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PullSettings {
    /// Sources pulled at once by one process (`VERDICT__PULL__WORKERS`).
    pub workers: usize,
    /// How often to look for a source that is due, in milliseconds (`VERDICT__PULL__POLL_MILLIS`).
    pub poll_millis: u64,
    /// The wait after a first failure, in milliseconds; it doubles with each further one, to an hour
    /// (`VERDICT__PULL__BACKOFF_BASE_MILLIS`).
    pub backoff_base_millis: u64,
}

impl Default for PullSettings {
    fn default() -> Self {
        Self { workers: 2, poll_millis: 1_000, backoff_base_millis: 5_000 }
    }
}

impl Validate for PullSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if !(1..=32).contains(&self.workers) {
            return Err(SettingsError::invalid("pull.workers", "must be from 1 to 32"));
        }
        for (key, value) in
            [("pull.poll_millis", self.poll_millis), ("pull.backoff_base_millis", self.backoff_base_millis)]
        {
            if !(1..=3_600_000).contains(&value) {
                return Err(SettingsError::invalid(key, "must be from 1 to 3600000"));
            }
        }
        Ok(())
    }
}

/// `intake`: how receipts are grouped into commits.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntakeSettings {
    /// Most requests waiting to be stored (`VERDICT__INTAKE__QUEUE_CAPACITY`).
    pub queue_capacity: usize,
    /// Most bytes of all waiting requests (`VERDICT__INTAKE__QUEUE_BYTES`).
    pub queue_bytes: usize,
    /// Transactions at once (`VERDICT__INTAKE__COMMITTERS`).
    pub committers: usize,
    /// Most requests in one transaction (`VERDICT__INTAKE__GROUP_REQUESTS`).
    pub group_requests: usize,
    /// A transaction takes no further request once it has this many records (`VERDICT__INTAKE__GROUP_ENTRIES`).
    pub group_entries: usize,
    /// How long a small group waits for more while several send at once, in milliseconds; 0 for not at all
    /// (`VERDICT__INTAKE__LINGER_MILLIS`).
    pub linger_millis: u64,
    /// How long another replica's change of an integration may go unnoticed, in milliseconds
    /// (`VERDICT__INTAKE__SOURCE_CACHE_MILLIS`).
    pub source_cache_millis: u64,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            queue_capacity: 4_096,
            queue_bytes: 64 << 20,
            committers: 2,
            group_requests: 256,
            group_entries: 1_000,
            linger_millis: 1,
            source_cache_millis: 5_000,
        }
    }
}

impl Validate for IntakeSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        for (key, value) in [
            ("intake.queue_capacity", self.queue_capacity),
            ("intake.committers", self.committers),
            ("intake.group_requests", self.group_requests),
            ("intake.group_entries", self.group_entries),
        ] {
            if value == 0 {
                return Err(SettingsError::invalid(key, "must be at least 1"));
            }
        }
        if self.committers > 32 {
            return Err(SettingsError::invalid("intake.committers", "must be at most 32"));
        }
        if !(1 << 20..=4 << 30).contains(&self.queue_bytes) {
            return Err(SettingsError::invalid("intake.queue_bytes", "must be from 1 MiB to 4 GiB"));
        }
        if self.linger_millis > 100 {
            return Err(SettingsError::invalid("intake.linger_millis", "must be at most 100"));
        }
        if self.source_cache_millis > 5_000 {
            return Err(SettingsError::invalid("intake.source_cache_millis", "must be at most 5000"));
        }
        Ok(())
    }
}

impl Validate for IngestionSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.server.validate()?;
        self.database.validate()?;
        self.telemetry.validate()?;
        self.files.store.validate()?;
        self.intake.validate()?;
        self.providers.validate()?;
        self.quarantine.validate()?;
        self.outbound.validate()?;
        self.pull.validate()
    }
}
