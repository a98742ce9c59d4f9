//! Periods: calendar months of the tenant's time zone.

use chrono::{Datelike as _, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use common::DateTime;

/// A calendar month somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Period {
    first: NaiveDate,
    zone: Tz,
}

impl Period {
    /// The month that the time falls into there.
    pub(crate) fn of(time: DateTime, zone: Tz) -> Self {
        let day = time.with_timezone(&zone).date_naive();
        Self { first: day.with_day(1).unwrap_or(day), zone }
    }

    /// Its first day.
    pub(crate) const fn first_day(self) -> NaiveDate {
        self.first
    }

    /// Its first moment.
    pub(crate) fn start(self) -> DateTime {
        midnight(self.first, self.zone)
    }

    /// The first moment after it.
    pub(crate) fn end(self) -> DateTime {
        midnight(self.first.checked_add_months(Months::new(1)).unwrap_or(self.first), self.zone)
    }

    /// What a count so far comes to at the end, if it goes on like this; the count itself at the very beginning.
    pub(crate) fn forecast(self, count: i64, now: DateTime) -> i64 {
        let whole = i128::from((self.end() - self.start()).num_seconds());
        let gone = i128::from((now - self.start()).num_seconds());
        // An hour in, a handful of records says nothing about a month.
        if gone < 3_600 || gone >= whole {
            return count;
        }
        i64::try_from(i128::from(count) * whole / gone).unwrap_or(i64::MAX)
    }
}

/// The zone of that IANA name; UTC when this build does not know it.
pub(crate) fn zone_of(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The day's first moment: where clocks are put forward at midnight, the hour after.
fn midnight(day: NaiveDate, zone: Tz) -> DateTime {
    let local = day.and_time(NaiveTime::MIN);
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    found.map_or_else(|| local.and_utc(), |time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().expect("RFC 3339")
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let cases = [
            ("UTC", "2026-01-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("UTC", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("UTC", "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("UTC", "2026-12-31T23:30:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("Europe/Berlin", "2026-12-31T23:30:00Z", "2026-12-31T23:00:00Z", "2027-01-31T23:00:00Z"),
            ("Europe/Berlin", "2026-03-31T21:59:59Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
            ("America/Los_Angeles", "2026-03-01T07:59:59Z", "2026-02-01T08:00:00Z", "2026-03-01T08:00:00Z"),
            ("Pacific/Kiritimati", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"),
            ("Nowhere/At_All", "2026-02-10T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ];
        for (zone, time, start, end) in cases {
            let period = Period::of(at(time), zone_of(zone));
            assert_eq!((period.start(), period.end()), (at(start), at(end)), "{time} in {zone}");
        }
    }

    #[test]
    fn a_forecast_goes_on_as_it_began() {
        let april = Period::of(at("2026-04-10T00:00:00Z"), Tz::UTC);
        let cases = [
            ("2026-04-01T00:00:00Z", 5, 5),
            ("2026-04-01T00:59:59Z", 5, 5),
            ("2026-04-16T00:00:00Z", 500, 1_000),
            ("2026-04-11T00:00:00Z", 0, 0),
            ("2026-05-01T00:00:00Z", 7, 7),
        ];
        for (now, count, expected) in cases {
            assert_eq!(april.forecast(count, at(now)), expected, "{count} at {now}");
        }
    }
}
