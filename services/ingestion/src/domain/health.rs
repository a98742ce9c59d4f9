//! How a source does, judged by its own last receipts.
//!
//! A source is silent when nothing came for longer than its own rhythm explains: four times the gap that 95 of 100
//! of its last gaps keep below, and no less than a quarter of an hour. A source without a rhythm yet, with fewer
//! than five gaps, is never called silent.
//!
//! It fails when its last five receipts were all rejected, and recovers when the last three were all believed: the
//! space between keeps one odd delivery from raising an alarm or ending one.

use chrono::TimeDelta;
use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

/// Receipts looked at: a hundred gaps have one end more.
pub(crate) const LOOKED_AT: usize = 101;
const LEAST_GAPS: usize = 5;
const LEAST_SILENCE: TimeDelta = TimeDelta::minutes(15);
const SILENCE_FACTOR: i32 = 4;
const FAILING_RUN: usize = 5;
const RECOVERED_RUN: usize = 3;
/// One in so many receipts rejected makes a source degraded.
const DEGRADED_SHARE: usize = 10;

/// How a source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    /// What comes is taken in.
    Healthy,
    /// A tenth of the last day's latest receipts or more was rejected, or records failed.
    Degraded,
    /// Nothing that comes is believed.
    Failing,
    /// Nothing came for longer than its rhythm explains.
    Silent,
    /// Nothing ever came.
    NeverSeen,
}

/// What people are told of, once when it begins and once when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    Failing,
    Silent,
}

impl Alarm {
    /// The name in the database and in events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Silent => "silent",
        }
    }

    /// The alarm of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Failing, Self::Silent].into_iter().find(|alarm| alarm.as_str() == name)
    }
}

/// One receipt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) at: DateTime,
    pub(crate) rejected: bool,
}

/// The alarm after these receipts, newest first, where `now` is the time and `before` the alarm until now.
pub(crate) fn alarm(seen: &[Seen], before: Option<Alarm>, now: DateTime) -> Option<Alarm> {
    let run = |length: usize, rejected: bool| {
        seen.len() >= length && seen.iter().take(length).all(|seen| seen.rejected == rejected)
    };
    let was_failing = before == Some(Alarm::Failing);
    if run(FAILING_RUN, true) || (was_failing && !run(RECOVERED_RUN, false)) {
        return Some(Alarm::Failing);
    }
    let last = seen.first()?;
    silence(seen).is_some_and(|most| now - last.at > most).then_some(Alarm::Silent)
}

/// How long such a source may be quiet; nothing when it has no rhythm yet.
pub(crate) fn silence(seen: &[Seen]) -> Option<TimeDelta> {
    let mut gaps: Vec<TimeDelta> = seen.windows(2).map(|pair| pair[0].at - pair[1].at).collect();
    if gaps.len() < LEAST_GAPS {
        return None;
    }
    gaps.sort_unstable();
    let usual = gaps[(gaps.len() * 95).div_ceil(100) - 1];
    Some(LEAST_SILENCE.max(usual * SILENCE_FACTOR))
}

/// How a source does, by its receipts, the alarm and the records of the last day that failed.
pub(crate) fn status(seen: &[Seen], alarm: Option<Alarm>, failed: i64, now: DateTime) -> HealthStatus {
    match alarm {
        Some(Alarm::Failing) => return HealthStatus::Failing,
        Some(Alarm::Silent) => return HealthStatus::Silent,
        None if seen.is_empty() => return HealthStatus::NeverSeen,
        None => {}
    }
    let day = seen.iter().filter(|seen| now - seen.at < TimeDelta::days(1));
    let (all, rejected) = day.fold((0, 0), |(all, bad), seen| (all + 1, bad + usize::from(seen.rejected)));
    if failed > 0 || (rejected > 0 && rejected * DEGRADED_SHARE >= all) {
        return HealthStatus::Degraded;
    }
    HealthStatus::Healthy
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};

    /// Receipts a minute apart, newest first, of which `x` was rejected.
    fn seen(now: DateTime, outcomes: &str) -> Vec<Seen> {
        let at = |n: usize| now - TimeDelta::minutes(i64::try_from(n).expect("few"));
        outcomes.chars().enumerate().map(|(n, char)| Seen { at: at(n), rejected: char == 'x' }).collect()
    }

    #[test]
    fn an_alarm_begins_after_five_and_ends_after_three() {
        let now = SystemClock.now();
        let failing = Some(Alarm::Failing);
        for (outcomes, before, after) in [
            ("", None, None),
            ("xxxx", None, None),
            ("xxxxo", None, None),
            ("xxxxx", None, failing),
            ("oxxxxx", None, None),
            ("oxxxxx", failing, failing),
            ("ooxxxxx", failing, failing),
            ("oooxxxxx", failing, None),
            ("xooo", failing, failing),
        ] {
            assert_eq!(alarm(&seen(now, outcomes), before, now), after, "{outcomes} {before:?}");
        }
    }

    #[test]
    fn silence_is_measured_by_the_sources_own_rhythm() {
        let now = SystemClock.now();
        let quick = seen(now, "oooooo");
        assert_eq!(silence(&quick), Some(TimeDelta::minutes(15)), "four minutes, but no less than this");
        let daily: Vec<Seen> = (0..7).map(|n| Seen { at: now - TimeDelta::days(n), rejected: false }).collect();
        assert_eq!(silence(&daily), Some(TimeDelta::days(4)));
        assert_eq!(silence(&quick[1..]), None, "four gaps make no rhythm");
        let later = |minutes: i64| alarm(&quick, None, now + TimeDelta::minutes(minutes));
        assert_eq!((later(15), later(16)), (None, Some(Alarm::Silent)));
        // One long night among a hundred gaps does not stretch what is usual.
        let mut nightly = seen(now, &"o".repeat(LOOKED_AT));
        nightly[100].at -= TimeDelta::days(3);
        assert_eq!(silence(&nightly), Some(TimeDelta::minutes(15)));
    }

    #[test]
    fn the_status_names_the_worst() {
        let now = SystemClock.now();
        let of = |outcomes: &str, failed: i64| status(&seen(now, outcomes), None, failed, now);
        assert_eq!(of("", 0), HealthStatus::NeverSeen);
        assert_eq!(of("ooo", 0), HealthStatus::Healthy);
        assert_eq!(of("ooo", 1), HealthStatus::Degraded);
        assert_eq!(of("oooxoooooo", 0), HealthStatus::Degraded);
        assert_eq!(of("oooxooooooo", 0), HealthStatus::Healthy, "one in eleven");
        let old = [Seen { at: now - TimeDelta::days(2), rejected: true }];
        assert_eq!(status(&old, None, 0, now), HealthStatus::Healthy);
        assert_eq!(status(&old, Some(Alarm::Silent), 0, now), HealthStatus::Silent);
        assert_eq!(status(&old, Some(Alarm::Failing), 0, now), HealthStatus::Failing);
    }
}
