//! Pure rules: how a batch is laid out in the feed, what an event counts for, how a period is divided.

mod batch;
mod fact;
mod latency;
mod period;
mod summary;
mod tally;

pub(crate) use batch::Batch;
pub(crate) use fact::{Fact, Measure};
pub(crate) use latency::{Latency, bucket_of};
pub(crate) use period::{Interval, Period, PeriodError};
pub(crate) use summary::{Figures, SumRow, Summary, sum_up};
pub(crate) use tally::{Backlog, Tally};

use common::DateTime;

const HOUR_SECONDS: i64 = 3_600;

/// The beginning of the hour that the time is in.
pub(crate) fn hour_of(time: DateTime) -> DateTime {
    let seconds = time.timestamp().div_euclid(HOUR_SECONDS) * HOUR_SECONDS;
    DateTime::from_timestamp(seconds, 0).unwrap_or(time)
}
