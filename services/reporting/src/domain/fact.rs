//! What one event counts for in reports.
//!
//! Reads only the few fields that it needs, borrowed from the event's text. An event whose data it cannot read is
//! logged all the same and counts for nothing.

use std::borrow::Cow;

use chrono::TimeDelta;
use common::DateTime;
use common::event::{ApprovalOutcome, Event, EventType};
use common::record::Stage;
use serde::Deserialize;

use super::tally::Backlog;

/// Longest source or label name that is counted by itself, in bytes; longer ones are counted by their beginning.
const MAX_NAME: usize = 200;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Records stored.
    Received,
    /// Records that a machine decided first, without a person.
    Classified,
    /// Records that went to a person first.
    ReviewRequested,
    /// Proposals that a person let stand.
    Approved,
    /// Proposals that a person replaced.
    Overridden,
    /// Machine decisions after a record's first.
    Redecided,
}

impl Measure {
    pub(crate) const ALL: [Self; 6] =
        [Self::Received, Self::Classified, Self::ReviewRequested, Self::Approved, Self::Overridden, Self::Redecided];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Classified => "classified",
            Self::ReviewRequested => "review_requested",
            Self::Approved => "approved",
            Self::Overridden => "overridden",
            Self::Redecided => "redecided",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.as_str() == name)
    }
}

/// One thing counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fact<'e> {
    pub(crate) measure: Measure,
    /// The source's name.
    pub(crate) source: Cow<'e, str>,
    /// The step that decided; empty when nothing was decided.
    pub(crate) stage: &'static str,
    /// The label decided on; empty when nothing was decided.
    pub(crate) label: Cow<'e, str>,
    /// From receipt to the first machine decision.
    pub(crate) latency: Option<TimeDelta>,
    /// What it changes about what waits.
    pub(crate) backlog: Backlog,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot<'e> {
    #[serde(borrow)]
    source: Cow<'e, str>,
    received_at: DateTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Classified<'e> {
    sequence: i32,
    #[serde(borrow)]
    label: Cow<'e, str>,
    stage: Stage,
    #[serde(borrow)]
    source: Cow<'e, str>,
    received_at: DateTime,
}

#[derive(Deserialize)]
struct ReviewRequested<'e> {
    sequence: i32,
    #[serde(borrow)]
    record: Snapshot<'e>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Approved<'e> {
    outcome: ApprovalOutcome,
    #[serde(borrow)]
    label: Cow<'e, str>,
    #[serde(borrow)]
    record: Snapshot<'e>,
    #[serde(default)]
    was_pending: Option<bool>,
}

impl<'e> Fact<'e> {
    /// What the event counts for, if for anything.
    pub(crate) fn of(event: &'e Event) -> Option<Self> {
        let kind = event.kind.as_str();
        let data = event.data.get();
        let read = if kind == EventType::Ingested.as_str() {
            serde_json::from_str(data).map(Self::received)
        } else if kind == EventType::Classified.as_str() {
            serde_json::from_str(data).map(|data| Self::classified(data, event.occurred_at))
        } else if kind == EventType::ReviewRequested.as_str() {
            serde_json::from_str(data).map(|data| Self::review_requested(data, event.occurred_at))
        } else if kind == EventType::Approved.as_str() {
            serde_json::from_str(data).map(Self::approved)
        } else {
            return None;
        };
        match read {
            Ok(fact) => Some(fact),
            Err(error) => {
                tracing::warn!(event = %event.id, kind, %error, "logged, and counted for nothing: unreadable data");
                None
            }
        }
    }

    fn new(measure: Measure, source: Cow<'e, str>) -> Self {
        let (source, label) = (countable(source), Cow::Borrowed(""));
        Self { measure, source, stage: "", label, latency: None, backlog: Backlog::default() }
    }

    fn received(data: Snapshot<'e>) -> Self {
        Self { backlog: Backlog { undecided: 1, pending_reviews: 0 }, ..Self::new(Measure::Received, data.source) }
    }

    fn classified(data: Classified<'e>, at: DateTime) -> Self {
        if data.sequence > 1 {
            return Self::new(Measure::Redecided, data.source);
        }
        Self {
            stage: data.stage.as_str(),
            label: countable(data.label),
            latency: Some(at - data.received_at),
            backlog: Backlog { undecided: -1, pending_reviews: 0 },
            ..Self::new(Measure::Classified, data.source)
        }
    }

    fn review_requested(data: ReviewRequested<'e>, at: DateTime) -> Self {
        if data.sequence > 1 {
            return Self::new(Measure::Redecided, data.record.source);
        }
        Self {
            latency: Some(at - data.record.received_at),
            backlog: Backlog { undecided: -1, pending_reviews: 1 },
            ..Self::new(Measure::ReviewRequested, data.record.source)
        }
    }

    fn approved(data: Approved<'e>) -> Self {
        let measure = match data.outcome {
            ApprovalOutcome::Approve => Measure::Approved,
            ApprovalOutcome::Override => Measure::Overridden,
        };
        Self {
            stage: Stage::Human.as_str(),
            label: countable(data.label),
            // An operation may decide what nobody was asked about; events of old tell of questions only.
            backlog: Backlog { undecided: 0, pending_reviews: -i64::from(data.was_pending.unwrap_or(true)) },
            ..Self::new(measure, data.record.source)
        }
    }
}

/// A name that the counts' index takes: short enough, and without NUL.
fn countable(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.len() <= MAX_NAME && !name.contains('\0') {
        return name;
    }
    let clean = name.replace('\0', "");
    Cow::Owned(clean[..clean.floor_char_boundary(MAX_NAME)].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_parse_back() {
        for measure in Measure::ALL {
            assert_eq!(Measure::parse(measure.as_str()), Some(measure));
        }
        assert_eq!(Measure::parse("?"), None);
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(countable(Cow::Borrowed("shop")), "shop");
        assert_eq!(countable(Cow::Borrowed("a\0b")), "ab");
        let long = "é".repeat(150);
        assert_eq!(countable(Cow::Borrowed(&long)), "é".repeat(100));
    }
}
