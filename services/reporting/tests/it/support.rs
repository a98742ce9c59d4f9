//! Starting the service, and events as other services tell them.

use chrono::TimeDelta;
use common::decision::{Proposal, Reasoning, Thresholds};
use common::event::{
    ApprovalOutcome, Approved, Cause, Classified, Event, EventData, Ingested, LabelDeleted, RecordSnapshot,
    ReviewRequested,
};
use common::record::{NormalizedRecord, Stage};
use common::trace::TraceContext;
use common::{Actor, ApprovalId, DateTime, DecisionId, LabelId, RecordId, TenantId};
use reporting::{Reporting, ReportingSettings};
use serde_json::Value;
use test_support::{Client, Resources, TestApp, wait_until};

pub(crate) async fn start() -> TestApp {
    TestApp::start::<Reporting>(settings).await
}

pub(crate) fn settings(resources: &Resources) -> ReportingSettings {
    ReportingSettings {
        server: resources.server(),
        database: resources.database(),
        broker: resources.broker(),
        internal: resources.internal(),
        telemetry: resources.telemetry(),
    }
}

pub(crate) fn time(text: &str) -> DateTime {
    text.parse().expect("a time")
}

/// An event told by `agent` at that time.
pub(crate) fn told<D: EventData>(tenant_id: TenantId, agent: &str, at: DateTime, data: &D) -> Event {
    let cause = Cause { tenant_id, actor: Actor::service(agent), trace: TraceContext::random(), at };
    Event::new(&cause, agent, data)
}

/// Some event, for tests that do not care which.
pub(crate) fn any_event(tenant: TenantId) -> Event {
    let data = LabelDeleted { label_id: LabelId::generate(), name: "x".into(), version: 1 };
    told(tenant, "processing", time("2026-03-01T12:00:00Z"), &data)
}

pub(crate) fn any_events(tenant: TenantId, n: usize) -> Vec<Event> {
    (0..n).map(|_| any_event(tenant)).collect()
}

/// A record on its way; each method is an event of it.
pub(crate) struct Journey {
    tenant: TenantId,
    record: RecordSnapshot,
}

impl Journey {
    pub(crate) fn of(tenant: TenantId, source: &str, received: &str) -> Self {
        let record = RecordSnapshot {
            record_id: RecordId::generate(),
            external_id: None,
            source: source.into(),
            integration_id: None,
            received_at: time(received),
            normalized: NormalizedRecord { text: "where is my refund".into(), ..NormalizedRecord::default() },
        };
        Self { tenant, record }
    }

    pub(crate) fn record_id(&self) -> RecordId {
        self.record.record_id
    }

    pub(crate) fn ingested(&self) -> Event {
        let data = Ingested { record: self.record.clone(), delivery_id: None };
        told(self.tenant, "ingestion", self.record.received_at, &data)
    }

    pub(crate) fn classified(&self, label: &str, after_millis: i64, sequence: i32) -> Event {
        let data = Classified {
            record_id: self.record.record_id,
            decision_id: DecisionId::generate(),
            sequence,
            label: label.into(),
            stage: Stage::Rule,
            confidence: 1.0,
            reasoning: reasoning(),
            source: self.record.source.clone(),
            received_at: self.record.received_at,
            withdraws: None,
        };
        told(self.tenant, "processing", self.after(after_millis), &data)
    }

    pub(crate) fn review_requested(&self, after_millis: i64) -> Event {
        let data = ReviewRequested {
            sequence: 1,
            proposal: proposal(),
            candidates: Vec::new(),
            record: self.record.clone(),
            withdraws: None,
        };
        told(self.tenant, "processing", self.after(after_millis), &data)
    }

    pub(crate) fn answered(&self, outcome: ApprovalOutcome, label: &str, after_millis: i64) -> Event {
        let data = Approved {
            approval_id: Some(ApprovalId::generate()),
            was_pending: true,
            decision_id: DecisionId::generate(),
            outcome,
            label: label.into(),
            proposal: proposal(),
            record: self.record.clone(),
            comment: None,
            rule_id: None,
            requested_at: self.record.received_at,
            decided_at: self.after(after_millis),
        };
        told(self.tenant, "approvals", self.after(after_millis), &data)
    }

    fn after(&self, millis: i64) -> DateTime {
        self.record.received_at + TimeDelta::milliseconds(millis)
    }
}

fn reasoning() -> Reasoning {
    Reasoning {
        summary: "a rule matched".into(),
        rule: None,
        rule_set_version: None,
        rules_evaluated: 1,
        thresholds: Thresholds::default(),
        why_human: None,
        ..Reasoning::default()
    }
}

fn proposal() -> Proposal {
    Proposal {
        decision_id: DecisionId::generate(),
        label: None,
        stage: Stage::None,
        confidence: None,
        reasoning: reasoning(),
    }
}

/// Follows the feed from the cursor to its present end; returns the events and the cursor to go on with.
pub(crate) async fn follow(client: &Client, filter: &str, cursor: Option<String>) -> (Vec<Value>, String) {
    let (mut events, mut cursor) = (Vec::new(), cursor);
    loop {
        let from = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let answer = client.get(&format!("/api/v1/events?limit=3{filter}{from}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let next = answer.next_cursor().expect("given even at the end").to_owned();
        let page = answer.body.as_array().expect("a list").clone();
        if page.is_empty() && cursor.as_ref() == Some(&next) {
            return (events, next);
        }
        events.extend(page);
        cursor = Some(next);
    }
}

/// Waits until the tenant's feed is so long, and returns it.
pub(crate) async fn feed_of_length(client: &Client, length: usize) -> Vec<Value> {
    wait_until(&format!("{length} events in the feed"), async || {
        let (events, _) = follow(client, "", None).await;
        (events.len() >= length).then_some(events)
    })
    .await
}

pub(crate) fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

pub(crate) fn ids_of(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// The feed is numbered 1, 2, 3, … as far as it goes.
pub(crate) fn assert_gapless(events: &[Value]) {
    let positions: Vec<i64> = events.iter().map(|event| event["position"].as_i64().expect("a position")).collect();
    let expected: Vec<i64> = (1..).take(events.len()).collect();
    assert_eq!(positions, expected);
}
