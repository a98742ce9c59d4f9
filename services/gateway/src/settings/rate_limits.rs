//! `rate_limits`: how often calls may be made, by whom.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use serde::Deserialize;
use settings::{SettingsError, Validate};

use crate::gate::Networks;

/// `rate_limits`. Each quota is a bucket of `burst` calls that fills again at `per_minute`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitSettings {
    /// Replicas of the gateway that share the calls (`VERDICT__RATE_LIMITS__REPLICAS`). Each allows its part of every
    /// quota; left at 1 with more replicas, all of them together allow up to that many times the quota.
    pub replicas: u32,
    /// Proxies whose `X-Forwarded-For` is believed: addresses and networks, comma-separated; none by default
    /// (`VERDICT__RATE_LIMITS__TRUSTED_PROXIES`).
    pub trusted_proxies: String,
    /// Most callers that each quota remembers; those beyond share one bucket (`VERDICT__RATE_LIMITS__MAX_KEYS`).
    pub max_keys: usize,
    /// Calls of one address, webhooks aside (`VERDICT__RATE_LIMITS__ADDRESS__PER_MINUTE`, `…__BURST`).
    pub address: QuotaSettings,
    /// Calls of one person or API key (`VERDICT__RATE_LIMITS__PRINCIPAL__…`).
    pub principal: QuotaSettings,
    /// Calls in one tenant (`VERDICT__RATE_LIMITS__TENANT__…`).
    pub tenant: QuotaSettings,
    /// Deliveries to one integration (`VERDICT__RATE_LIMITS__WEBHOOK__…`).
    pub webhook: QuotaSettings,
    /// Sign-ins of one address (`VERDICT__RATE_LIMITS__SIGN_IN__…`).
    pub sign_in: QuotaSettings,
    /// Sign-ups of one address (`VERDICT__RATE_LIMITS__SIGN_UP__…`).
    pub sign_up: QuotaSettings,
    /// Calls of one address that send mail to somebody (`VERDICT__RATE_LIMITS__MAIL__…`).
    pub mail: QuotaSettings,
    /// Uploads, downloads, imports and exports of one tenant: each may hold a connection and the disk for minutes
    /// (`VERDICT__RATE_LIMITS__TRANSFER__…`).
    pub transfer: QuotaSettings,
}

/// One quota.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct QuotaSettings {
    /// Calls a minute in the long run; 0 means without limit.
    pub per_minute: u32,
    /// Calls at once.
    pub burst: u32,
}

impl QuotaSettings {
    /// A quota.
    #[must_use]
    pub const fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute, burst }
    }

    /// One replica's part of it; `None` when there is no limit.
    pub(crate) fn part(self, replicas: u32) -> Option<Quota> {
        let (per_minute, replicas) = (NonZeroU32::new(self.per_minute)?, replicas.max(1));
        let period = Duration::from_secs(60) * replicas / per_minute.get();
        let burst = NonZeroU32::new(self.burst.div_ceil(replicas)).unwrap_or(NonZeroU32::MIN);
        Quota::with_period(period).map(|quota| quota.allow_burst(burst))
    }
}

impl Default for RateLimitSettings {
    fn default() -> Self {
        Self {
            replicas: 1,
            trusted_proxies: String::new(),
            max_keys: 100_000,
            address: QuotaSettings::new(60_000, 6_000),
            principal: QuotaSettings::new(60_000, 6_000),
            tenant: QuotaSettings::new(120_000, 12_000),
            // A busy source sends thousands a second; this stops only a loop that has gone mad.
            webhook: QuotaSettings::new(1_800_000, 120_000),
            sign_in: QuotaSettings::new(120, 120),
            sign_up: QuotaSettings::new(60, 60),
            mail: QuotaSettings::new(20, 20),
            transfer: QuotaSettings::new(600, 120),
        }
    }
}

impl Validate for RateLimitSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if self.replicas == 0 {
            return Err(SettingsError::invalid("rate_limits.replicas", "must be at least 1"));
        }
        if self.max_keys < 1_000 {
            return Err(SettingsError::invalid("rate_limits.max_keys", "must be at least 1000"));
        }
        let quotas = [
            ("address", self.address),
            ("principal", self.principal),
            ("tenant", self.tenant),
            ("webhook", self.webhook),
            ("sign_in", self.sign_in),
            ("sign_up", self.sign_up),
            ("mail", self.mail),
            ("transfer", self.transfer),
        ];
        for (name, quota) in quotas {
            if quota.per_minute > 0 && quota.burst == 0 {
                return Err(SettingsError::invalid(&format!("rate_limits.{name}.burst"), "must be at least 1"));
            }
        }
        Networks::parse(&self.trusted_proxies).map(drop).map_err(|entry| {
            let reason = format!("{entry:?} is no address or network such as 10.0.0.0/8");
            SettingsError::invalid("rate_limits.trusted_proxies", reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_all_replicas_make_the_whole() {
        let quota = QuotaSettings::new(600, 100);
        let whole = quota.part(1).expect("limited");
        assert_eq!((whole.burst_size().get(), whole.replenish_interval()), (100, Duration::from_millis(100)));
        let part = quota.part(4).expect("limited");
        assert_eq!((part.burst_size().get(), part.replenish_interval()), (25, Duration::from_millis(400)));
        assert_eq!(QuotaSettings::new(0, 5).part(1), None);
    }

    #[test]
    fn what_cannot_work_is_named() {
        let bad = RateLimitSettings { trusted_proxies: "10.0.0.0/8, nonsense".into(), ..Default::default() };
        let message = bad.validate().expect_err("nonsense").to_string();
        assert!(message.contains("VERDICT__RATE_LIMITS__TRUSTED_PROXIES") && message.contains("nonsense"), "{message}");
        let bad = RateLimitSettings { mail: QuotaSettings::new(1, 0), ..Default::default() };
        assert!(bad.validate().is_err());
        assert!(RateLimitSettings::default().validate().is_ok());
    }
}
