//! Periods: calendar months of UTC, for as long as no provider sets others.

use chrono::{Datelike as _, Months, NaiveDate, NaiveTime};
use common::DateTime;

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Period(NaiveDate);

impl Period {
    /// The month that the time falls into.
    pub(crate) fn of(time: DateTime) -> Self {
        let day = time.date_naive();
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Its first day.
    pub(crate) const fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its first moment.
    pub(crate) fn start(self) -> DateTime {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first moment after it.
    pub(crate) fn end(self) -> DateTime {
        let next = self.0.checked_add_months(Months::new(1)).unwrap_or(self.0);
        next.and_time(NaiveTime::MIN).and_utc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let cases = [
            ("2026-01-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2026-12-31T23:30:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ];
        for (time, start, end) in cases {
            let parse = |text: &str| text.parse::<DateTime>().expect("RFC 3339");
            let period = Period::of(parse(time));
            assert_eq!((period.start(), period.end()), (parse(start), parse(end)), "{time}");
        }
    }
}
