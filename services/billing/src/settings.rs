//! The service's settings: shared sections, where plans are, and how long handled events are remembered.

use std::path::PathBuf;

use serde::Deserialize;
use settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, ServerSettings, SettingsError, TelemetrySettings, Validate,
};

use crate::domain::Plans;

/// Settings of the billing service.
#[derive(Clone, Debug, Deserialize)]
pub struct BillingSettings {
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
    /// What is for sale.
    #[serde(default)]
    pub plans: PlansSettings,
    /// What is thrown away, and when.
    #[serde(default)]
    pub housekeeping: HousekeepingSettings,
}

/// `plans`: what is for sale.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlansSettings {
    /// A JSON file in place of the built-in `deploy/config/billing/plans.json` (`VERDICT__PLANS__FILE`).
    pub file: Option<PathBuf>,
}

/// `housekeeping`: what is thrown away, and when.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HousekeepingSettings {
    /// Days for which a counted event is remembered; one that comes again later would count twice
    /// (`VERDICT__HOUSEKEEPING__INBOX_DAYS`).
    pub inbox_days: u32,
    /// Seconds between two rounds (`VERDICT__HOUSEKEEPING__EVERY_SECONDS`).
    pub every_seconds: u64,
}

impl Default for HousekeepingSettings {
    fn default() -> Self {
        Self { inbox_days: 14, every_seconds: 600 }
    }
}

impl PlansSettings {
    /// Reads and checks the plans.
    ///
    /// # Errors
    /// When the file is missing or a plan in it cannot be used.
    pub(crate) fn load(&self) -> Result<Plans, SettingsError> {
        let invalid = |reason: String| SettingsError::invalid("plans.file", reason);
        match &self.file {
            None => Plans::built_in().map_err(|error| invalid(error.to_string())),
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| invalid(format!("cannot read {}: {error}", file.display())))?;
                Plans::parse(&text).map_err(|error| invalid(format!("{}: {error}", file.display())))
            }
        }
    }
}

impl Validate for BillingSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.server.validate()?;
        self.database.validate()?;
        self.telemetry.validate()?;
        self.plans.load()?;
        if self.housekeeping.inbox_days == 0 {
            return Err(SettingsError::invalid("housekeeping.inbox_days", "must be at least 1"));
        }
        if self.housekeeping.every_seconds == 0 {
            return Err(SettingsError::invalid("housekeeping.every_seconds", "must be at least 1"));
        }
        Ok(())
    }
}
