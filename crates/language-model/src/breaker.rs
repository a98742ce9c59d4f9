//! Circuit breakers, one for each tenant and endpoint: one tenant's failures never stop another's calls.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Duration;
use common::clock::Clock;
use common::{DateTime, TenantId};

use crate::settings::BreakerSettings;

/// Past so many, those without recent failures are forgotten.
const SWEEP_AT: usize = 4_096;

/// The breakers of a process.
#[derive(Debug)]
pub struct Breakers {
    settings: BreakerSettings,
    clock: Arc<dyn Clock>,
    circuits: Mutex<HashMap<(TenantId, String), Circuit>>,
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Every call.
    Closed,
    /// No call until then.
    Open {
        /// When one call is let through to try.
        until: DateTime,
    },
    /// One call is trying; no other.
    HalfOpen,
}

#[derive(Debug, Default)]
struct Circuit {
    failures: VecDeque<DateTime>,
    open_until: Option<DateTime>,
    is_trying: bool,
}

/// Leave for one call. Dropped without a word, it tells nothing of the endpoint.
#[derive(Debug)]
pub(crate) struct Permit {
    breakers: Arc<Breakers>,
    key: (TenantId, String),
    is_trial: bool,
    is_told: bool,
}

impl Breakers {
    /// All closed.
    #[must_use]
    pub fn new(settings: BreakerSettings, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { settings, clock, circuits: Mutex::default() })
    }

    /// What the breaker of a tenant and an endpoint lets through now.
    #[must_use]
    pub fn state(&self, tenant: TenantId, endpoint: &str) -> BreakerState {
        let now = self.clock.now();
        self.with(&(tenant, endpoint.to_owned()), |circuit| match circuit.open_until {
            Some(until) if now < until => BreakerState::Open { until },
            Some(_) => BreakerState::HalfOpen,
            None => BreakerState::Closed,
        })
    }

    /// Leave for a call, or none while the circuit is open.
    pub(crate) fn enter(self: &Arc<Self>, tenant: TenantId, endpoint: &str) -> Option<Permit> {
        let (key, now) = ((tenant, endpoint.to_owned()), self.clock.now());
        let is_trial = self.with(&key, |circuit| match circuit.open_until {
            None => Some(false),
            Some(until) if now < until || circuit.is_trying => None,
            Some(_) => {
                circuit.is_trying = true;
                Some(true)
            }
        })?;
        Some(Permit { breakers: Arc::clone(self), key, is_trial, is_told: false })
    }

    fn with<T>(&self, key: &(TenantId, String), act: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        if circuits.len() >= SWEEP_AT && !circuits.contains_key(key) {
            let horizon = self.clock.now() - Duration::seconds(self.settings.within_seconds.into());
            circuits.retain(|_, circuit| {
                circuit.open_until.is_some() || circuit.failures.back().is_some_and(|last| *last > horizon)
            });
        }
        act(circuits.entry(key.clone()).or_default())
    }
}

impl Permit {
    /// The endpoint answered.
    pub(crate) fn succeeded(mut self) {
        self.is_told = true;
        self.breakers.with(&self.key, |circuit| {
            // Only a trial closes it: a call that was under way since before says nothing of now.
            if self.is_trial {
                *circuit = Circuit::default();
            }
        });
    }

    /// The endpoint failed.
    pub(crate) fn failed(mut self) {
        self.is_told = true;
        let BreakerSettings { failures, within_seconds, open_seconds } = self.breakers.settings;
        let now = self.breakers.clock.now();
        self.breakers.with(&self.key, |circuit| {
            let horizon = now - Duration::seconds(within_seconds.into());
            circuit.failures.retain(|at| *at > horizon);
            circuit.failures.push_back(now);
            if self.is_trial || (circuit.open_until.is_none() && circuit.failures.len() >= failures as usize) {
                let until = now + Duration::seconds(open_seconds.into());
                *circuit = Circuit { open_until: Some(until), ..Circuit::default() };
                let (tenant, endpoint) = &self.key;
                tracing::warn!(%tenant, endpoint, %until, "the model's endpoint fails; it is left alone for a while");
            }
        });
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_trial && !self.is_told {
            self.breakers.with(&self.key, |circuit| circuit.is_trying = false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::Duration;
    use common::TenantId;
    use common::clock::ManualClock;

    use super::{BreakerState, Breakers};
    use crate::settings::BreakerSettings;

    fn breakers() -> (Arc<Breakers>, ManualClock) {
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let settings = BreakerSettings { failures: 3, within_seconds: 30, open_seconds: 60 };
        (Breakers::new(settings, Arc::new(clock.clone())), clock)
    }

    fn fail(breakers: &Arc<Breakers>, tenant: TenantId, times: usize) {
        for _ in 0..times {
            breakers.enter(tenant, "a").unwrap().failed();
        }
    }

    #[test]
    fn failures_open_it_one_trial_closes_it() {
        let (breakers, clock) = breakers();
        let tenant = TenantId::generate();
        fail(&breakers, tenant, 3);
        assert!(breakers.enter(tenant, "a").is_none());
        assert!(matches!(breakers.state(tenant, "a"), BreakerState::Open { .. }));
        clock.advance(Duration::seconds(61));
        let trial = breakers.enter(tenant, "a").unwrap();
        assert!(breakers.enter(tenant, "a").is_none(), "one trial at a time");
        drop(trial);
        let trial = breakers.enter(tenant, "a").expect("a trial that was given up frees its place");
        trial.failed();
        assert!(breakers.enter(tenant, "a").is_none(), "a failed trial opens it anew");
        clock.advance(Duration::seconds(61));
        breakers.enter(tenant, "a").unwrap().succeeded();
        assert_eq!(breakers.state(tenant, "a"), BreakerState::Closed);
        fail(&breakers, tenant, 2);
        assert_eq!(breakers.state(tenant, "a"), BreakerState::Closed);
    }

    #[test]
    fn failures_long_ago_do_not_count() {
        let (breakers, clock) = breakers();
        let tenant = TenantId::generate();
        fail(&breakers, tenant, 2);
        clock.advance(Duration::seconds(31));
        fail(&breakers, tenant, 2);
        assert_eq!(breakers.state(tenant, "a"), BreakerState::Closed);
    }

    #[test]
    fn another_tenant_or_endpoint_is_not_touched() {
        let (breakers, _) = breakers();
        let [one, other] = [TenantId::generate(), TenantId::generate()];
        fail(&breakers, one, 3);
        assert!(breakers.enter(other, "a").is_some() && breakers.enter(one, "b").is_some());
    }

    #[test]
    fn a_late_success_does_not_close_an_open_circuit() {
        let (breakers, _) = breakers();
        let tenant = TenantId::generate();
        let slow = breakers.enter(tenant, "a").unwrap();
        fail(&breakers, tenant, 3);
        slow.succeeded();
        assert!(breakers.enter(tenant, "a").is_none());
    }
}
