//! How long failed sign-ins keep further ones waiting.

use chrono::Duration;

/// How failures of one kind of subject are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Failures that cost no wait.
    pub free: i32,
    /// The longest wait: nobody is locked out for good.
    pub longest: Duration,
    /// After this long without a failure, counting begins anew.
    pub forgotten_after: Duration,
}

/// An account, from addresses that never signed in to it.
pub(crate) const ACCOUNT: Policy =
    Policy { free: 5, longest: Duration::minutes(15), forgotten_after: Duration::hours(24) };
/// An account, from an address that signed in to it before: strangers' failures do not count here.
pub(crate) const KNOWN: Policy =
    Policy { free: 10, longest: Duration::minutes(5), forgotten_after: Duration::hours(24) };
/// An address, whichever accounts it tries. An office shares one, so it is given more.
pub(crate) const ADDRESS: Policy =
    Policy { free: 50, longest: Duration::minutes(5), forgotten_after: Duration::hours(1) };

/// How long an address is known to an account after its last sign-in.
pub(crate) const KNOWN_FOR: Duration = Duration::days(90);

impl Policy {
    /// The wait after that many failures: a second after the first that is not free, and twice as long each time.
    pub(crate) fn wait(&self, failures: i32) -> Duration {
        let beyond = failures - self.free;
        if beyond <= 0 {
            return Duration::zero();
        }
        let seconds = 1_i64 << (beyond - 1).min(30);
        Duration::seconds(seconds).min(self.longest)
    }

    /// Whether that failure is the first that costs a wait.
    pub(crate) const fn begins_to_wait(&self, failures: i32) -> bool {
        failures == self.free + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end_somewhere() {
        let waits: Vec<_> = [0, 5, 6, 7, 8, 15, 16, 1_000_000].map(|n| ACCOUNT.wait(n).num_seconds()).into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 512, 900, 900]);
        assert!(!ACCOUNT.begins_to_wait(5) && ACCOUNT.begins_to_wait(6) && !ACCOUNT.begins_to_wait(7));
    }
}
