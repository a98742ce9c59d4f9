//! `upstreams` and `proxy`: where the services are, and how long the gateway waits for them.

use std::time::Duration;

use serde::Deserialize;
use settings::{SettingsError, Validate};

use crate::routes::Upstream;

/// `upstreams`: base URLs such as `http://127.0.0.1:8081`, without a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamUrls {
    /// `VERDICT__UPSTREAMS__INGESTION`.
    pub ingestion: String,
    /// `VERDICT__UPSTREAMS__PROCESSING`.
    pub processing: String,
    /// `VERDICT__UPSTREAMS__APPROVALS`.
    pub approvals: String,
    /// `VERDICT__UPSTREAMS__BILLING`.
    pub billing: String,
    /// `VERDICT__UPSTREAMS__REPORTING`.
    pub reporting: String,
}

/// `proxy`: patience with services.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxySettings {
    /// Longest wait for a connection, in milliseconds (`VERDICT__PROXY__CONNECT_TIMEOUT_MILLIS`).
    pub connect_timeout_millis: u64,
    /// Longest wait for the beginning of an answer, in milliseconds, where a call's own limit is not shorter
    /// (`VERDICT__PROXY__ANSWER_TIMEOUT_MILLIS`).
    pub answer_timeout_millis: u64,
}

impl Default for UpstreamUrls {
    fn default() -> Self {
        let local = |port: u16| format!("http://127.0.0.1:{port}");
        Self {
            ingestion: local(8081),
            processing: local(8082),
            approvals: local(8083),
            billing: local(8084),
            reporting: local(8085),
        }
    }
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self { connect_timeout_millis: 2_000, answer_timeout_millis: 60_000 }
    }
}

impl ProxySettings {
    /// Longest wait for a connection.
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_millis)
    }

    /// Longest wait for the beginning of an answer.
    #[must_use]
    pub const fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.answer_timeout_millis)
    }
}

impl UpstreamUrls {
    /// The service's `host:port`.
    ///
    /// # Errors
    /// When its URL is not of the form `http://host:port`.
    pub fn authority(&self, upstream: Upstream) -> Result<String, SettingsError> {
        let url = match upstream {
            Upstream::Ingestion => &self.ingestion,
            Upstream::Processing => &self.processing,
            Upstream::Approvals => &self.approvals,
            Upstream::Billing => &self.billing,
            Upstream::Reporting => &self.reporting,
        };
        let parsed: Option<hyper::Uri> = url.parse().ok();
        let usable = parsed.filter(|uri| {
            uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none() && uri.port().is_some()
        });
        usable.and_then(|uri| uri.authority().map(ToString::to_string)).ok_or_else(|| {
            let key = format!("upstreams.{}", upstream.as_str());
            SettingsError::invalid(&key, format!("{url:?} must be of the form http://host:port"))
        })
    }
}

impl Validate for UpstreamUrls {
    fn validate(&self) -> Result<(), SettingsError> {
        Upstream::ALL.into_iter().try_for_each(|upstream| self.authority(upstream).map(drop))
    }
}
