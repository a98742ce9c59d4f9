//! Sections that several services share, each with its defaults and checks.

use serde::Deserialize;

use crate::{SecretString, SettingsError, Validate};

/// `server`: where and how the service listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to bind (`VERDICT__SERVER__HOST`).
    pub host: String,
    /// Port to bind; 0 lets the system choose (`VERDICT__SERVER__PORT`).
    pub port: u16,
    /// HTTP worker threads (`VERDICT__SERVER__WORKERS`).
    pub workers: usize,
    /// Largest request body, in bytes (`VERDICT__SERVER__BODY_LIMIT_BYTES`).
    pub body_limit_bytes: usize,
    /// Longest that a request may take, in seconds (`VERDICT__SERVER__REQUEST_TIMEOUT_SECONDS`).
    pub request_timeout_seconds: u64,
    /// How long a stopping server lets requests finish, in seconds (`VERDICT__SERVER__SHUTDOWN_GRACE_SECONDS`).
    pub shutdown_grace_seconds: u64,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 0,
            workers: 2,
            body_limit_bytes: 8 << 20,
            request_timeout_seconds: 30,
            shutdown_grace_seconds: 15,
        }
    }
}

impl Validate for ServerSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if self.workers == 0 {
            return Err(SettingsError::invalid("server.workers", "must be at least 1"));
        }
        if self.body_limit_bytes < 1024 {
            return Err(SettingsError::invalid("server.body_limit_bytes", "must be at least 1024"));
        }
        Ok(())
    }
}

/// `database`: the service's own PostgreSQL database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// URL with the application role, which owns nothing (`VERDICT__DATABASE__URL`).
    pub url: SecretString,
    /// URL with the owner role, used by `migrate` only (`VERDICT__DATABASE__MIGRATION_URL`).
    #[serde(default)]
    pub migration_url: Option<SecretString>,
    /// Most connections (`VERDICT__DATABASE__POOL_SIZE`).
    #[serde(default = "default_pool_size")]
    pub pool_size: usize,
    /// Longest wait for a free connection, in milliseconds (`VERDICT__DATABASE__WAIT_TIMEOUT_MILLIS`).
    #[serde(default = "default_wait_timeout")]
    pub wait_timeout_millis: u64,
}

const fn default_pool_size() -> usize {
    10
}

const fn default_wait_timeout() -> u64 {
    5_000
}

impl Validate for DatabaseSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if self.pool_size == 0 {
            return Err(SettingsError::invalid("database.pool_size", "must be at least 1"));
        }
        Ok(())
    }
}

/// `broker`: RabbitMQ.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerSettings {
    /// AMQP URL with the virtual host (`VERDICT__BROKER__URL`).
    pub url: SecretString,
    /// Unacknowledged messages that a consumer may hold (`VERDICT__BROKER__PREFETCH`).
    #[serde(default = "default_prefetch")]
    pub prefetch: u16,
}

const fn default_prefetch() -> u16 {
    64
}

/// `internal`: the keys of the identity that the gateway signs for the services.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InternalSettings {
    /// Ed25519 public keys, base64, comma-separated: the current one and, while rotating, the one before
    /// (`VERDICT__INTERNAL__PUBLIC_KEYS`).
    pub public_keys: String,
    /// Ed25519 private key, PKCS#8, base64; the gateway's only (`VERDICT__INTERNAL__PRIVATE_KEY`).
    #[serde(default)]
    pub private_key: Option<SecretString>,
}

/// `public`: how the outside reaches the gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublicSettings {
    /// Base URL, without a trailing slash (`VERDICT__PUBLIC__URL`).
    pub url: String,
}

impl Default for PublicSettings {
    fn default() -> Self {
        Self { url: "http://127.0.0.1:8080".into() }
    }
}

/// `telemetry`: logs and traces.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// `json` or `pretty` (`VERDICT__TELEMETRY__FORMAT`).
    pub format: String,
    /// A `tracing` filter such as `info` or `info,ingestion=debug` (`VERDICT__TELEMETRY__LEVEL`).
    pub level: String,
    /// Where OTLP goes by gRPC, e.g. `http://127.0.0.1:4317`; also read from `OTEL_EXPORTER_OTLP_ENDPOINT`
    /// (`VERDICT__TELEMETRY__OTLP_ENDPOINT`). Nothing is exported while it is unset.
    pub otlp_endpoint: Option<String>,
    /// Share of new traces that are exported, 0 to 1 (`VERDICT__TELEMETRY__SAMPLE_RATIO`).
    pub sample_ratio: f64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self { format: "json".into(), level: "info".into(), otlp_endpoint: None, sample_ratio: 1.0 }
    }
}

impl Validate for TelemetrySettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if !["json", "pretty"].contains(&self.format.as_str()) {
            return Err(SettingsError::invalid("telemetry.format", "must be \"json\" or \"pretty\""));
        }
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err(SettingsError::invalid("telemetry.sample_ratio", "must be from 0 to 1"));
        }
        Ok(())
    }
}
