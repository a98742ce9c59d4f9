//! When an attempt is repeated, and after how long: full jitter, and never past the deadline.

use std::time::{Duration, Instant};

use async_openai::middleware::HttpRequestFactory;
use reqwest::Response;
use tokio::time::Sleep;
use tower::retry::Policy;

use crate::error::CallError;
use crate::settings::RetrySettings;

#[derive(Clone, Debug)]
pub(super) struct RetryPolicy {
    settings: RetrySettings,
    deadline: Instant,
    retries: u32,
}

impl RetryPolicy {
    pub(super) const fn new(settings: RetrySettings, deadline: Instant) -> Self {
        Self { settings, deadline, retries: 0 }
    }

    /// The wait before the next attempt. `chance` is from 0 to 1.
    fn wait(&self, asked: Option<Duration>, chance: f64) -> Duration {
        let doubled = self.settings.base_millis.saturating_mul(1 << self.retries.min(20));
        let own = Duration::from_millis(doubled.min(self.settings.max_wait_millis)).mul_f64(chance);
        match asked {
            // All who were told the same time would come back together: each adds its own part.
            Some(asked) => asked.min(Duration::from_millis(self.settings.max_asked_wait_millis)) + own / 10,
            None => own,
        }
    }
}

impl Policy<HttpRequestFactory, Response, CallError> for RetryPolicy {
    type Future = Sleep;

    fn retry(&mut self, _: &mut HttpRequestFactory, result: &mut Result<Response, CallError>) -> Option<Self::Future> {
        let error = result.as_ref().err().filter(|error| error.is_retryable)?;
        let wait = self.wait(error.asked_wait, rand::random::<f64>());
        // No time is left for another: the reason of this failure tells more than a deadline would.
        if self.retries >= self.settings.max_retries || Instant::now() + wait >= self.deadline {
            return None;
        }
        self.retries += 1;
        tracing::debug!(reason = %error.reason, retry = self.retries, "asking the model's endpoint again");
        Some(tokio::time::sleep(wait))
    }

    fn clone_request(&mut self, request: &HttpRequestFactory) -> Option<HttpRequestFactory> {
        Some(request.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::RetryPolicy;
    use crate::settings::RetrySettings;

    fn policy(retries: u32) -> RetryPolicy {
        let settings =
            RetrySettings { max_retries: 9, base_millis: 100, max_wait_millis: 1_000, max_asked_wait_millis: 2_000 };
        RetryPolicy { retries, ..RetryPolicy::new(settings, Instant::now()) }
    }

    #[test]
    fn waits_double_up_to_the_cap_and_a_long_asked_one_is_cut() {
        let millis = |retries, asked, chance| policy(retries).wait(asked, chance).as_millis();
        assert_eq!([0, 1, 3, 9].map(|retries| millis(retries, None, 1.0)), [100, 200, 800, 1_000]);
        assert_eq!(millis(2, None, 0.0), 0, "full jitter begins at nothing");
        assert_eq!(millis(0, Some(Duration::from_secs(1)), 1.0), 1_010);
        assert_eq!(millis(0, Some(Duration::from_secs(86_400)), 0.0), 2_000);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_caps(retries in 0_u32..64, asked in proptest::option::of(0_u64..1_000_000), chance in 0.0..1.0_f64) {
            let wait = policy(retries).wait(asked.map(Duration::from_millis), chance);
            let most = if asked.is_some() { 2_100 } else { 1_000 };
            prop_assert!(wait <= Duration::from_millis(most));
        }
    }
}
