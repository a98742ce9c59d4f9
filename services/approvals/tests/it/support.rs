//! Questions to put, and a service to put them to.

use approvals::{Approvals, ApprovalsSettings};
use common::decision::{Candidate, Proposal, Reasoning, RuleRef, Thresholds, WhyHuman};
use common::event::{Cause, Event, EventData, LabelCreated, RecordSnapshot, ReviewRequested};
use common::record::{NormalizedRecord, Stage};
use common::trace::TraceContext;
use common::{Actor, Clock as _, DateTime, DecisionId, LabelId, RecordId, Role, RuleId, SystemClock, TenantId};
use serde_json::Value;
use test_support::{Client, TestApp, wait_until};

/// The service in all its roles.
pub(crate) async fn start() -> TestApp {
    TestApp::start::<Approvals>(|parts| ApprovalsSettings {
        server: parts.server(),
        database: parts.database(),
        broker: parts.broker(),
        internal: parts.internal(),
        telemetry: parts.telemetry(),
    })
    .await
}

/// An event as processing tells it.
pub(crate) fn event<D: EventData>(tenant: TenantId, at: DateTime, data: &D) -> Event {
    let cause = Cause { tenant_id: tenant, actor: Actor::service("processing"), trace: TraceContext::random(), at };
    Event::new(&cause, "processing", data)
}

/// Tells the service of a label, and waits for nothing.
pub(crate) async fn create_label(app: &TestApp, tenant: TenantId, name: &str) -> LabelId {
    let label_id = LabelId::generate();
    let data = LabelCreated { label_id, name: name.into(), description: String::new(), version: 1 };
    app.publish(&[event(tenant, SystemClock.now(), &data)]).await;
    label_id
}

/// A REVIEW_REQUESTED in the making.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) tenant: TenantId,
    pub(crate) record: RecordId,
    pub(crate) sequence: i32,
    pub(crate) label: Option<&'static str>,
    pub(crate) stage: Stage,
    pub(crate) confidence: Option<f64>,
    pub(crate) at: DateTime,
}

impl Question {
    /// A question with a proposal by a rule, put now.
    pub(crate) fn of(tenant: TenantId) -> Self {
        Self {
            tenant,
            record: RecordId::generate(),
            sequence: 1,
            label: Some("fee"),
            stage: Stage::Rule,
            confidence: Some(0.7),
            at: SystemClock.now(),
        }
    }

    /// The same without a proposal.
    pub(crate) fn undecided(self) -> Self {
        Self { label: None, stage: Stage::None, confidence: None, ..self }
    }

    /// The same put that much earlier.
    pub(crate) fn seconds_ago(self, seconds: i64) -> Self {
        Self { at: SystemClock.now() - chrono::Duration::seconds(seconds), ..self }
    }

    pub(crate) fn event(&self) -> Event {
        let rule = self.label.map(|_| RuleRef { id: RuleId::generate(), version: 2, name: "Fees".into() });
        let reasoning = Reasoning {
            summary: "The rule “Fees” asks for a review.".into(),
            rule,
            rule_set_version: Some(4),
            rules_evaluated: 12,
            thresholds: Thresholds { auto_accept: 0.9, ..Thresholds::default() },
            why_human: Some(WhyHuman::RuleRequiresReview),
            ..Reasoning::default()
        };
        let proposal = Proposal {
            decision_id: DecisionId::generate(),
            label: self.label.map(ToOwned::to_owned),
            stage: self.stage,
            confidence: self.confidence,
            reasoning,
        };
        let candidates = self.label.map(|label| Candidate { label: label.into(), score: 0.7 }).into_iter().collect();
        let record = RecordSnapshot {
            record_id: self.record,
            external_id: Some("tx-1".into()),
            source: "generic".into(),
            integration_id: None,
            received_at: self.at,
            normalized: NormalizedRecord { text: "Why was I charged?".into(), ..Default::default() },
        };
        event(
            self.tenant,
            self.at,
            &ReviewRequested { sequence: self.sequence, proposal, candidates, record, withdraws: None },
        )
    }

    /// Puts the question and gives the approval that it opened.
    pub(crate) async fn open(&self, app: &TestApp) -> Value {
        app.publish(&[self.event()]).await;
        let reader = app.caller(self.tenant, Role::Analyst);
        wait_until("the approval is open", async || {
            all(&reader, "status=pending").await.into_iter().find(|approval| {
                approval["recordId"] == self.record.to_string() && approval["sequence"] == self.sequence
            })
        })
        .await
    }
}

/// Every approval that passes the filters, page by page.
pub(crate) async fn all(client: &Client, filters: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("/api/v1/approvals?limit=200&{filters}{cursor}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        found.extend(answer.body.as_array().expect("a list").iter().cloned());
        match answer.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// The path of an act on an approval.
pub(crate) fn act(approval: &Value, verb: &str) -> String {
    format!("/api/v1/approvals/{}/{verb}", approval["id"].as_str().expect("an id"))
}
