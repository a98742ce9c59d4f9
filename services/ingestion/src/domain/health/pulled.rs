//! A source that is pulled: judged by its connection and by how its last pulls ended.
//!
//! It fails when its provider takes the tokens no more, or when three pulls in a row were given up, and recovers with
//! the next one that completes. It is silent when a pull is overdue by a quarter of an hour and nobody does it.

use chrono::TimeDelta;
use common::DateTime;

use super::{Alarm, HealthStatus};
use crate::domain::oauth::ConnectionStatus;

/// Ended pulls looked at: as many as make an alarm.
pub(crate) const LAST_RUNS: usize = 3;
const LEAST_SILENCE: TimeDelta = TimeDelta::minutes(15);

/// How the pulls of a source stand.
#[derive(Clone, Debug)]
pub(crate) struct PullSeen {
    pub(crate) connection: ConnectionStatus,
    /// Whether it is to be pulled at all.
    pub(crate) is_active: bool,
    /// When the next pull is due.
    pub(crate) due_at: DateTime,
    /// Until when a worker has it.
    pub(crate) leased_until: Option<DateTime>,
    /// Failures of the pull under way since its last page.
    pub(crate) failures: i32,
    /// Whether the last ended pulls completed, newest first; at most [`LAST_RUNS`].
    pub(crate) completed: Vec<bool>,
    pub(crate) last_completed_at: Option<DateTime>,
}

impl PullSeen {
    /// Pulls in a row that were given up.
    pub(crate) fn given_up(&self) -> usize {
        self.completed.iter().take_while(|completed| !**completed).count()
    }

    pub(super) fn alarm(&self, before: Option<Alarm>, now: DateTime) -> Option<Alarm> {
        match self.connection {
            ConnectionStatus::NeedsReconnect => return Some(Alarm::Failing),
            ConnectionStatus::Disconnected => return None,
            ConnectionStatus::Connected => {}
        }
        let given_up = self.given_up();
        if given_up >= LAST_RUNS || (before == Some(Alarm::Failing) && given_up > 0) {
            return Some(Alarm::Failing);
        }
        let is_held = self.leased_until.is_some_and(|until| until > now);
        (self.is_active && !is_held && now - self.due_at > LEAST_SILENCE).then_some(Alarm::Silent)
    }

    pub(super) fn status(&self) -> HealthStatus {
        let was_pulled = self.last_completed_at.is_some();
        match self.connection {
            ConnectionStatus::Disconnected if was_pulled => HealthStatus::Silent,
            _ if self.given_up() > 0 || self.failures > 0 => HealthStatus::Degraded,
            _ if was_pulled => HealthStatus::Healthy,
            _ => HealthStatus::NeverSeen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};

    /// A connected source, of whose last pulls `x` was given up, newest first.
    fn pulled(now: DateTime, runs: &str) -> PullSeen {
        let completed: Vec<bool> = runs.chars().map(|run| run != 'x').collect();
        PullSeen {
            connection: ConnectionStatus::Connected,
            is_active: true,
            due_at: now,
            leased_until: None,
            failures: 0,
            last_completed_at: completed.contains(&true).then_some(now),
            completed,
        }
    }

    #[test]
    fn an_alarm_begins_after_three_given_up_and_ends_with_one_completed() {
        let now = SystemClock.now();
        let failing = Some(Alarm::Failing);
        for (runs, before, after) in [
            ("", None, None),
            ("xx", None, None),
            ("xxx", None, failing),
            ("xxo", failing, failing),
            ("oxx", failing, None),
        ] {
            assert_eq!(pulled(now, runs).alarm(before, now), after, "{runs} {before:?}");
        }
        let refused = PullSeen { connection: ConnectionStatus::NeedsReconnect, ..pulled(now, "ooo") };
        assert_eq!(refused.alarm(None, now), failing);
        let left = PullSeen { connection: ConnectionStatus::Disconnected, ..pulled(now, "xxx") };
        assert_eq!((left.alarm(failing, now), left.status()), (None, HealthStatus::Degraded));
    }

    #[test]
    fn a_pull_that_nobody_does_is_silence() {
        let now = SystemClock.now();
        let late = PullSeen { due_at: now - TimeDelta::minutes(16), ..pulled(now, "o") };
        assert_eq!(late.alarm(None, now), Some(Alarm::Silent));
        let held = PullSeen { leased_until: Some(now + TimeDelta::minutes(1)), ..late.clone() };
        let paused = PullSeen { is_active: false, ..late };
        assert_eq!((held.alarm(None, now), paused.alarm(None, now)), (None, None));
    }

    #[test]
    fn the_status_follows_the_last_pull() {
        let now = SystemClock.now();
        let of = |runs: &str| pulled(now, runs).status();
        assert_eq!(
            (of(""), of("o"), of("xo")),
            (HealthStatus::NeverSeen, HealthStatus::Healthy, HealthStatus::Degraded)
        );
        let waiting = PullSeen { failures: 1, ..pulled(now, "o") };
        let left = PullSeen { connection: ConnectionStatus::Disconnected, ..pulled(now, "o") };
        assert_eq!((waiting.status(), left.status()), (HealthStatus::Degraded, HealthStatus::Silent));
    }
}
