//! The counts of a batch, summed in memory so that each counter is touched once a batch.

use std::borrow::Cow;
use std::collections::BTreeMap;

use common::event::Event;
use common::{DateTime, TenantId};

use super::{Fact, Measure, bucket_of, hour_of};

/// What is counted by, in the order of the table's key, so that rows are touched in one order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FactKey<'e> {
    pub(crate) tenant_id: TenantId,
    pub(crate) hour: DateTime,
    pub(crate) measure: Measure,
    pub(crate) source: Cow<'e, str>,
    pub(crate) stage: &'static str,
    pub(crate) label: Cow<'e, str>,
}

/// What waits, or a change of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// Records that no machine has looked at.
    pub(crate) undecided: i64,
    /// Questions that no person has answered.
    pub(crate) pending_reviews: i64,
}

/// Counts of a batch.
#[derive(Debug, Default)]
pub(crate) struct Tally<'e> {
    pub(crate) facts: BTreeMap<FactKey<'e>, i64>,
    pub(crate) latencies: BTreeMap<(TenantId, DateTime, i16), i64>,
    pub(crate) backlogs: BTreeMap<TenantId, Backlog>,
}

impl<'e> Tally<'e> {
    /// Counts events that were not counted before.
    pub(crate) fn of(events: impl Iterator<Item = &'e Event>) -> Self {
        let mut tally = Self::default();
        for event in events {
            if let Some(fact) = Fact::of(event) {
                tally.count(event, fact);
            }
        }
        tally
    }

    fn count(&mut self, event: &Event, fact: Fact<'e>) {
        let (tenant_id, hour) = (event.tenant_id, hour_of(event.occurred_at));
        if let Some(latency) = fact.latency {
            *self.latencies.entry((tenant_id, hour, bucket_of(latency))).or_default() += 1;
        }
        let backlog = self.backlogs.entry(tenant_id).or_default();
        backlog.undecided += fact.backlog.undecided;
        backlog.pending_reviews += fact.backlog.pending_reviews;
        let Fact { measure, source, stage, label, .. } = fact;
        *self.facts.entry(FactKey { tenant_id, hour, measure, source, stage, label }).or_default() += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}
