//! How a source does: one that delivers is judged by its last receipts, one that is pulled by its last pulls.

mod delivered;
mod pulled;

pub(crate) use delivered::{LOOKED_AT, Receipts, Seen, Suspicion};
pub(crate) use pulled::{LAST_RUNS, PullSeen};

use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

/// How a source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    /// What comes is taken in.
    Healthy,
    /// A tenth of the last day's latest receipts or more was rejected, or records failed, or a pull did not end well.
    Degraded,
    /// Nothing that the source sends is believed, or it cannot be pulled.
    Failing,
    /// Nothing came for longer than its rhythm explains, or nobody pulls it.
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

/// What a source is judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) receipts: Receipts,
    /// Nothing for a source that only delivers.
    pub(crate) pull: Option<PullSeen>,
}

impl Observed {
    /// The alarm now, where `before` is the alarm until now.
    pub(crate) fn alarm(&self, before: Option<Alarm>, now: DateTime) -> Option<Alarm> {
        match &self.pull {
            Some(pull) => pull.alarm(before, now),
            None => self.receipts.alarm(before, now),
        }
    }

    /// How the source does, by the alarm and the records of the last day that failed.
    pub(crate) fn status(&self, alarm: Option<Alarm>, failed: i64, now: DateTime) -> HealthStatus {
        match alarm {
            Some(Alarm::Failing) => return HealthStatus::Failing,
            Some(Alarm::Silent) => return HealthStatus::Silent,
            None => {}
        }
        let status = match &self.pull {
            Some(pull) => pull.status(),
            None => self.receipts.status(now),
        };
        if failed > 0 && status == HealthStatus::Healthy { HealthStatus::Degraded } else { status }
    }
}
