//! The period of a report, in whole hours, and its division into steps.

use chrono::TimeDelta;
use common::DateTime;

use super::{HOUR_SECONDS, hour_of};

/// Most steps in one report.
pub(crate) const MAX_STEPS: i64 = 2_000;
const DEFAULT_DAYS: i64 = 30;
/// 1970-01-05, a Monday: weeks begin on it.
const MONDAY_SECONDS: i64 = 4 * 24 * HOUR_SECONDS;

/// The length of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Interval {
    /// Hours of UTC.
    Hour,
    /// Days of UTC.
    #[default]
    Day,
    /// Weeks from Monday, of UTC.
    Week,
}

impl Interval {
    pub(crate) const fn seconds(self) -> i64 {
        match self {
            Self::Hour => HOUR_SECONDS,
            Self::Day => 24 * HOUR_SECONDS,
            Self::Week => 7 * 24 * HOUR_SECONDS,
        }
    }
}

/// From when to when, both on the hour, and in which steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first hour.
    pub(crate) from: DateTime,
    /// The hour behind the last.
    pub(crate) to: DateTime,
    /// The steps; they begin where the calendar's do, so the first and the last may be cut short.
    pub(crate) interval: Interval,
}

/// A period that cannot be reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PeriodError {
    #[error("from must not be later than to")]
    Reversed,
    #[error("the period has more than {MAX_STEPS} steps; choose a longer interval or a shorter period")]
    TooManySteps,
}

impl Period {
    /// The hours that hold any of `from..to`; by default the 30 days up to now.
    ///
    /// # Errors
    /// When the ends are the wrong way round, or the steps too many.
    pub(crate) fn new(
        from: Option<DateTime>,
        to: Option<DateTime>,
        interval: Interval,
        now: DateTime,
    ) -> Result<Self, PeriodError> {
        let to = to.unwrap_or(now);
        let from = from.unwrap_or(to - TimeDelta::days(DEFAULT_DAYS));
        if from > to {
            return Err(PeriodError::Reversed);
        }
        let last = hour_of(to);
        let to = if last == to { to } else { last + TimeDelta::seconds(HOUR_SECONDS) };
        let period = Self { from: hour_of(from), to, interval };
        if period.steps_wanted() > MAX_STEPS { Err(PeriodError::TooManySteps) } else { Ok(period) }
    }

    /// The beginning of the calendar's step that `from` is in, in seconds since 1970.
    pub(crate) const fn origin(&self) -> i64 {
        let step = self.interval.seconds();
        let offset = match self.interval {
            Interval::Hour | Interval::Day => 0,
            Interval::Week => MONDAY_SECONDS,
        };
        (self.from.timestamp() - offset).div_euclid(step) * step + offset
    }

    const fn steps_wanted(&self) -> i64 {
        let step = self.interval.seconds();
        (self.to.timestamp() - self.origin() + step - 1) / step
    }

    /// The steps in order, as `(from, to)`, without a gap from the period's beginning to its end.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (DateTime, DateTime)> {
        let (origin, step) = (self.origin(), self.interval.seconds());
        let at = move |index: i64| DateTime::from_timestamp(origin + index * step, 0);
        let (from, to) = (self.from, self.to);
        (0..self.steps_wanted()).map(move |index| {
            (at(index).map_or(from, |begin| begin.max(from)), at(index + 1).map_or(to, |end| end.min(to)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime {
        text.parse().expect("a time")
    }

    #[test]
    fn steps_follow_the_calendar_and_cover_the_period() {
        let now = time("2026-03-04T12:00:00Z");
        let (from, to) = (time("2026-03-01T22:30:00Z"), time("2026-03-03T01:10:00Z"));
        let days = Period::new(Some(from), Some(to), Interval::Day, now).expect("a period");
        let steps: Vec<_> = days.steps().map(|(a, b)| format!("{} {}", a.format("%dT%H"), b.format("%dT%H"))).collect();
        assert_eq!(steps, ["01T22 02T00", "02T00 03T00", "03T00 03T02"]);
        let weeks = Period::new(Some(from), Some(to), Interval::Week, now).expect("a period");
        let steps: Vec<_> =
            weeks.steps().map(|(a, b)| format!("{} {}", a.format("%dT%H"), b.format("%dT%H"))).collect();
        assert_eq!(steps, ["01T22 02T00", "02T00 03T02"], "2026-03-02 is a Monday");
    }

    #[test]
    fn the_default_is_thirty_days() {
        let now = time("2026-03-31T12:00:00Z");
        let period = Period::new(None, None, Interval::Day, now).expect("a period");
        assert_eq!((period.from, period.to), (time("2026-03-01T12:00:00Z"), now));
        assert_eq!(period.steps().count(), 31);
    }

    #[test]
    fn an_empty_period_has_no_steps() {
        let now = time("2026-03-31T12:00:00Z");
        let period = Period::new(Some(now), Some(now), Interval::Hour, now).expect("a period");
        assert_eq!(period.steps().count(), 0);
    }

    #[test]
    fn refuses_reversed_and_endless_periods() {
        let (old, now) = (time("1970-01-01T00:00:00Z"), time("2026-03-31T12:00:00Z"));
        assert_eq!(Period::new(Some(now), Some(old), Interval::Day, now), Err(PeriodError::Reversed));
        assert_eq!(Period::new(Some(old), Some(now), Interval::Day, now), Err(PeriodError::TooManySteps));
    }
}
