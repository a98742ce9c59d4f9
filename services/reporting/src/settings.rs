//! The service's settings: shared sections only.

use serde::Deserialize;
use settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, ServerSettings, SettingsError, TelemetrySettings, Validate,
};

/// Settings of the reporting service.
#[derive(Clone, Debug, Deserialize)]
pub struct ReportingSettings {
    /// Where it listens.
    #[serde(default)]
    pub server: ServerSettings,
    /// Its database.
    pub database: DatabaseSettings,
    /// RabbitMQ.
    pub broker: BrokerSettings,
    /// The gateway's keys.
    pub internal: InternalSettings,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}

impl Validate for ReportingSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.server.validate()?;
        self.database.validate()?;
        self.telemetry.validate()
    }
}
