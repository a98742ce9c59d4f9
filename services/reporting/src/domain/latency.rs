//! Durations counted in buckets that grow by a fixed ratio, and percentiles read back from them.
//!
//! A percentile is a bucket's geometric middle, so it is off by at most a factor of `sqrt(1.25)`: 12 %.

use chrono::TimeDelta;

const RATIO: f64 = 1.25;
/// How far a percentile may be from the truth, as a share of it.
const MAX_RELATIVE_ERROR: f64 = 0.12;

/// The bucket of a duration. Bucket 0 ends at 1 ms; a negative duration, between two machines' clocks, is in it.
pub(crate) fn bucket_of(duration: TimeDelta) -> i16 {
    let millis = duration.as_seconds_f64() * 1_000.0;
    if millis <= 1.0 {
        return 0;
    }
    // At most 174, for the longest duration there is.
    #[expect(clippy::cast_possible_truncation, reason = "the logarithm of a duration is small")]
    let bucket = (millis.ln() / RATIO.ln()).ceil() as i16;
    bucket
}

/// The geometric middle of a bucket, in seconds.
fn middle_of(bucket: i16) -> f64 {
    RATIO.powf(f64::from(bucket) - 0.5) / 1_000.0
}

/// How long it took from receipt to the first machine decision, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Latency {
    /// Half took no longer; `None` when nothing was decided.
    pub(crate) p50: Option<f64>,
    /// 95 % took no longer.
    pub(crate) p95: Option<f64>,
    /// 99 % took no longer.
    pub(crate) p99: Option<f64>,
    /// How many decisions were measured.
    pub(crate) count: i64,
}

impl Latency {
    pub(crate) const MAX_RELATIVE_ERROR: f64 = MAX_RELATIVE_ERROR;

    /// Reads percentiles from `(bucket, count)` pairs in ascending order.
    pub(crate) fn of(buckets: &[(i16, i64)]) -> Self {
        let count = buckets.iter().map(|(_, n)| n).sum();
        let percentile = |percent: i64| {
            // The rank of the smallest value that `percent` of all do not exceed.
            let rank = (count * percent + 99) / 100;
            let mut below = 0;
            let found = buckets.iter().find(|(_, n)| {
                below += n;
                below >= rank
            });
            found.map(|(bucket, _)| middle_of(*bucket))
        };
        Self { p50: percentile(50), p95: percentile(95), p99: percentile(99), count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_within_the_promised_error() {
        for millis in [2_i64, 3, 17, 100, 1_234, 60_000, 86_400_000, 31_536_000_000] {
            let bucket = bucket_of(TimeDelta::milliseconds(millis));
            let told = Latency::of(&[(bucket, 1)]).p50.expect("one sample");
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let truth = millis as f64 / 1_000.0;
            assert!((told / truth - 1.0).abs() <= MAX_RELATIVE_ERROR, "{millis} ms told as {told} s");
        }
    }

    #[test]
    fn ranks_are_exact() {
        let told = Latency::of(&[(0, 50), (10, 45), (20, 4), (30, 1)]);
        assert_eq!(told.p50, Some(middle_of(0)));
        assert_eq!(told.p95, Some(middle_of(10)));
        assert_eq!(told.p99, Some(middle_of(20)));
        assert_eq!(told.count, 100);
        assert_eq!(Latency::of(&[]), Latency::default());
    }

    #[test]
    fn clocks_that_disagree_and_endless_waits_have_a_bucket() {
        assert_eq!(bucket_of(TimeDelta::seconds(-5)), 0);
        assert_eq!(bucket_of(TimeDelta::zero()), 0);
        assert!(bucket_of(TimeDelta::MAX) < 250);
    }
}
