//! A batch of events as it will lie in the feed: each event once, numbered within its tenant.
//!
//! Knows no position: those are the tenant's last one plus the number here, once its head is held.

use std::collections::{BTreeMap, HashSet};

use common::event::Event;
use common::{DateTime, EventId, TenantId};

use super::hour_of;

/// Events to be logged together.
#[derive(Debug, Default)]
pub(crate) struct Batch<'e> {
    entries: Vec<Entry<'e>>,
    /// How many events each tenant has.
    sizes: BTreeMap<TenantId, i64>,
    /// The first and last number of each tenant's events of an hour.
    hours: BTreeMap<(TenantId, DateTime), (i64, i64)>,
}

/// An event and its number, from 1, among its tenant's events of the batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'e> {
    pub(crate) event: &'e Event,
    pub(crate) number: i64,
}

impl<'e> Batch<'e> {
    /// Lays out the events in the order given, each once, leaving out those whose ids are `known`.
    pub(crate) fn new(events: &'e [Event], known: &HashSet<EventId>) -> Self {
        let mut seen = HashSet::with_capacity(events.len());
        let mut batch = Self { entries: Vec::with_capacity(events.len()), ..Self::default() };
        for event in events.iter().filter(|event| !known.contains(&event.id) && seen.insert(event.id)) {
            batch.push(event);
        }
        batch
    }

    fn push(&mut self, event: &'e Event) {
        let size = self.sizes.entry(event.tenant_id).or_default();
        *size += 1;
        let number = *size;
        let hour = self.hours.entry((event.tenant_id, hour_of(event.occurred_at))).or_insert((number, number));
        hour.1 = number;
        self.entries.push(Entry { event, number });
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entries(&self) -> &[Entry<'e>] {
        &self.entries
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &'e Event> {
        self.entries.iter().map(|entry| entry.event)
    }

    /// The tenants, in the order in which their heads are locked.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        self.sizes.keys().copied().collect()
    }

    pub(crate) const fn sizes(&self) -> &BTreeMap<TenantId, i64> {
        &self.sizes
    }

    pub(crate) const fn hours(&self) -> &BTreeMap<(TenantId, DateTime), (i64, i64)> {
        &self.hours
    }
}

#[cfg(test)]
mod tests {
    use common::event::{Cause, LabelDeleted};
    use common::trace::TraceContext;
    use common::{Actor, LabelId};

    use super::*;

    fn event(tenant_id: TenantId, at: &str) -> Event {
        let at = at.parse().expect("a time");
        let cause = Cause { tenant_id, actor: Actor::service("test"), trace: TraceContext::random(), at };
        Event::new(&cause, "test", &LabelDeleted { label_id: LabelId::generate(), name: "x".into(), version: 1 })
    }

    #[test]
    fn numbers_each_tenants_events_once_and_in_order() {
        let (ann, bob) = (TenantId::generate(), TenantId::generate());
        let mut events = vec![
            event(ann, "2026-01-01T10:59:59Z"),
            event(bob, "2026-01-01T10:00:00Z"),
            event(ann, "2026-01-01T11:00:00Z"),
            event(ann, "2026-01-01T10:00:00Z"),
        ];
        events.push(events[0].clone());
        let known = HashSet::from([events[2].id]);
        let batch = Batch::new(&events, &known);
        let numbers: Vec<_> = batch.entries().iter().map(|entry| (entry.event.id, entry.number)).collect();
        assert_eq!(numbers, [(events[0].id, 1), (events[1].id, 1), (events[3].id, 2)]);
        assert_eq!(batch.sizes(), &BTreeMap::from([(ann, 2), (bob, 1)]));
        let ten = "2026-01-01T10:00:00Z".parse().expect("a time");
        assert_eq!(batch.hours(), &BTreeMap::from([((ann, ten), (1, 2)), ((bob, ten), (1, 1))]));
    }
}
