//! The service's settings: shared sections, where plans are, who takes the money, and how long events are remembered.

use std::path::PathBuf;

use outbound::OutboundSettings;
use serde::Deserialize;
use settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, SecretString, ServerSettings, SettingsError, TelemetrySettings,
    Validate,
};

use crate::domain::Plans;
use crate::providers::Providers;

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
    /// Who takes the money.
    #[serde(default)]
    pub payments: PaymentsSettings,
    /// Where calls to the provider may go.
    #[serde(default)]
    pub outbound: OutboundSettings,
    /// What is thrown away, and when.
    #[serde(default)]
    pub housekeeping: HousekeepingSettings,
}

/// `payments`: who takes the money.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentsSettings {
    /// The provider: `none`, `manual` for invoiced customers, or one that this build has
    /// (`VERDICT__PAYMENTS__PROVIDER`).
    pub provider: String,
    /// Another place of its API than its own, for a double (`VERDICT__PAYMENTS__API_BASE`).
    pub api_base: Option<String>,
    /// The account's secret key (`VERDICT__PAYMENTS__SECRET_KEY`).
    pub secret_key: Option<SecretString>,
    /// What its webhooks are signed with (`VERDICT__PAYMENTS__WEBHOOK_SECRET`).
    pub webhook_secret: Option<SecretString>,
    /// What they were signed with before, while that is being changed (`VERDICT__PAYMENTS__PREVIOUS_WEBHOOK_SECRET`).
    pub previous_webhook_secret: Option<SecretString>,
    /// How far the time of a signature may be from now, in seconds (`VERDICT__PAYMENTS__WEBHOOK_TOLERANCE_SECONDS`).
    pub webhook_tolerance_seconds: u32,
    /// Origins to which the provider's pages may send a browser back, separated by commas, such as
    /// `https://app.example.com` (`VERDICT__PAYMENTS__RETURN_ORIGINS`).
    pub return_origins: String,
    /// Days for which a failed payment is borne with before the tenant can only read
    /// (`VERDICT__PAYMENTS__GRACE_DAYS`).
    pub grace_days: u32,
    /// Seconds between two comparisons with the provider; 0 leaves them to the command line
    /// (`VERDICT__PAYMENTS__RECONCILE_SECONDS`).
    pub reconcile_seconds: u64,
    /// Seconds between two reports of metered usage (`VERDICT__PAYMENTS__USAGE_REPORT_SECONDS`).
    pub usage_report_seconds: u64,
    /// Days for which handled webhooks are remembered; one that comes again later is handled again, and changes
    /// nothing that is newer (`VERDICT__PAYMENTS__EVENT_DAYS`).
    pub event_days: u32,
}

impl Default for PaymentsSettings {
    fn default() -> Self {
        Self {
            provider: "none".to_owned(),
            api_base: None,
            secret_key: None,
            webhook_secret: None,
            previous_webhook_secret: None,
            webhook_tolerance_seconds: 300,
            return_origins: String::new(),
            grace_days: 14,
            reconcile_seconds: 3_600,
            usage_report_seconds: 3_600,
            event_days: 90,
        }
    }
}

impl PaymentsSettings {
    /// The origins, as browsers write them.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &str> {
        self.return_origins.split(',').map(|origin| origin.trim().trim_end_matches('/')).filter(|o| !o.is_empty())
    }

    /// Whether pages are sold by a provider, to which browsers are sent.
    fn sells(&self) -> bool {
        !matches!(self.provider.as_str(), "none" | "manual")
    }

    fn check(&self) -> Result<(), SettingsError> {
        if self.sells() && self.origins().next().is_none() {
            return Err(SettingsError::invalid(
                "payments.return_origins",
                "must name at least one origin, such as https://app.example.com",
            ));
        }
        if let Some(bad) = self.origins().find(|origin| !is_origin(origin)) {
            return Err(SettingsError::invalid("payments.return_origins", format!("{bad:?} is no origin")));
        }
        for (key, value) in [
            ("payments.webhook_tolerance_seconds", u64::from(self.webhook_tolerance_seconds)),
            ("payments.usage_report_seconds", self.usage_report_seconds),
            ("payments.event_days", u64::from(self.event_days)),
        ] {
            if value == 0 {
                return Err(SettingsError::invalid(key, "must be at least 1"));
            }
        }
        Ok(())
    }
}

/// A scheme, a host and perhaps a port, and nothing else.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
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
        self.outbound.validate()?;
        self.payments.check()?;
        Providers::connect(&self.payments, &self.outbound)?;
        if self.housekeeping.inbox_days == 0 {
            return Err(SettingsError::invalid("housekeeping.inbox_days", "must be at least 1"));
        }
        if self.housekeeping.every_seconds == 0 {
            return Err(SettingsError::invalid("housekeeping.every_seconds", "must be at least 1"));
        }
        Ok(())
    }
}
