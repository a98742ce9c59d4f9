//! One quota, kept for each of its callers by themselves.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};

use super::buckets::Buckets;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What a caller has left of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Calls at once.
    pub limit: u32,
    /// Calls left now.
    pub remaining: u32,
    /// Seconds until all of them are there again.
    pub reset_seconds: u64,
}

/// A call too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    /// What is left: nothing.
    pub allowance: Allowance,
    /// Seconds until the next call may be made.
    pub retry_after_seconds: u64,
}

/// Counts calls against one quota.
pub(crate) struct Limiter<C: Clock = DefaultClock> {
    limiter: RateLimiter<u128, Buckets<C>, C, StateInformationMiddleware>,
    clock: C,
}

impl Limiter {
    /// Counts by the machine's monotonic clock.
    pub(crate) fn new(quota: Quota, most_keys: usize) -> Self {
        Self::with_clock(quota, most_keys, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limiter<C> {
    fn with_clock(quota: Quota, most_keys: usize, clock: C) -> Self {
        let buckets = Buckets::new(most_keys, clock.clone());
        Self { limiter: RateLimiter::new(quota, buckets, clock.clone()), clock }
    }

    /// Takes one call from the caller's bucket.
    ///
    /// # Errors
    /// When it is empty; nothing is taken then.
    pub(crate) fn take(&self, key: u128) -> Result<Allowance, Exhausted> {
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(Allowance::of(state.quota(), state.remaining_burst_capacity())),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                let retry_after_seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
                Err(Exhausted { allowance: Allowance::of(not_until.quota(), 0), retry_after_seconds })
            }
        }
    }
}

impl Allowance {
    fn of(quota: Quota, remaining: u32) -> Self {
        let limit = quota.burst_size().get();
        let refill = quota.replenish_interval() * limit.saturating_sub(remaining);
        Self { limit, remaining, reset_seconds: refill.as_secs() + u64::from(refill.subsec_nanos() > 0) }
    }

    /// Whichever leaves fewer calls.
    pub(crate) fn tighter(self, other: Option<Self>) -> Self {
        other.filter(|other| other.remaining < self.remaining).unwrap_or(self)
    }

    /// Tells the caller.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset_seconds));
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::num::NonZeroU32;
    use std::time::{Duration, Instant};

    use governor::clock::FakeRelativeClock;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn quota(burst: u32) -> Quota {
        let burst = NonZeroU32::new(burst).expect("not zero");
        Quota::with_period(Duration::from_secs(1)).expect("a period").allow_burst(burst)
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(quota(2), 1_000, clock.clone());
        assert_eq!(limiter.take(1), Ok(Allowance { limit: 2, remaining: 1, reset_seconds: 1 }));
        assert_eq!(limiter.take(1), Ok(Allowance { limit: 2, remaining: 0, reset_seconds: 2 }));
        let exhausted = limiter.take(1).expect_err("empty");
        assert_eq!((exhausted.retry_after_seconds, exhausted.allowance.remaining), (1, 0));
        assert!(limiter.take(2).is_ok(), "another caller has a bucket of their own");
        clock.advance(Duration::from_millis(1_001));
        assert_eq!(limiter.take(1).map(|left| left.remaining), Ok(0));
        assert!(limiter.take(1).is_err());
    }

    #[test]
    fn a_million_callers_take_no_more_memory_than_the_most() {
        let clock = FakeRelativeClock::default();
        let most = 6_400;
        let limiter = Limiter::with_clock(quota(5), most, clock.clone());
        let let_in = (0..1_000_000_u128).filter(|key| limiter.take(*key).is_ok()).count();
        assert!(let_in <= most + 5, "those beyond share one bucket: {let_in} were let in");
        clock.advance(Duration::from_secs(60));
        let fresh = (2_000_000..2_001_000_u128).filter(|key| limiter.take(*key).is_ok()).count();
        assert_eq!(fresh, 1_000, "full buckets are forgotten for new callers");
        let held = limiter.limiter.into_state_store().len();
        assert!((1_000..=most).contains(&held), "{held} buckets");
    }

    /// Prints what a call costs, beside the hash of a token that the gate computes for each call with a credential.
    #[test]
    fn a_check_costs_next_to_nothing() {
        const CALLS: u32 = 100_000;
        let limiter = Limiter::new(Quota::per_second(NonZeroU32::MAX), 100_000);
        let mut headers = HeaderMap::new();
        let nanos = |work: &mut dyn FnMut(u128)| {
            let began = Instant::now();
            (0..u128::from(CALLS)).for_each(&mut *work);
            began.elapsed().as_nanos() / u128::from(CALLS)
        };
        let check = nanos(&mut |call| {
            black_box(limiter.take(call % 1_000)).ok().into_iter().for_each(|left| left.write(&mut headers));
        });
        let yardstick = nanos(&mut |call| {
            black_box(Sha256::digest([u8::try_from(call % 256).unwrap_or_default(); 400]));
        });
        println!("check and headers {check} ns a call; SHA-256 of a token {yardstick} ns");
        assert!(check < 100_000, "{check} ns is not next to nothing, even without optimisation");
    }
}
