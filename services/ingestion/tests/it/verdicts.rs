//! Verdicts of machines and people, in whatever order they arrive.

use common::decision::{Proposal, Reasoning, Thresholds};
use common::event::{ApprovalOutcome, Approved, Cause, Classified, Event, RecordSnapshot, ReviewRequested};
use common::record::{NormalizedRecord, Stage};
use common::trace::TraceContext;
use common::{Actor, ApprovalId, Clock as _, DateTime, DecisionId, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::start;

pub(crate) struct Teller {
    pub(crate) cause: Cause,
    pub(crate) record: RecordId,
}

impl Teller {
    pub(crate) async fn with_record(app: &TestApp) -> (Self, TenantId) {
        let tenant = TenantId::generate();
        let made = app.caller(tenant, Role::Agent).post("/api/v1/records", json!({"raw": "text"})).await;
        let record = made.body["id"].as_str().expect("id").parse().expect("a UUID");
        (Self::of(tenant, record), tenant)
    }

    pub(crate) fn of(tenant: TenantId, record: RecordId) -> Self {
        let actor = Actor { kind: common::identity::ActorKind::User, id: "u".into(), name: Some("ann".into()) };
        Self { cause: Cause { tenant_id: tenant, actor, trace: TraceContext::random(), at: SystemClock.now() }, record }
    }

    pub(crate) fn classified(&self, sequence: i32, label: &str) -> Event {
        let data = Classified {
            record_id: self.record,
            decision_id: DecisionId::generate(),
            sequence,
            label: label.into(),
            stage: Stage::Rule,
            confidence: 0.9,
            reasoning: reasoning("a rule matched"),
            source: "api".into(),
            received_at: self.cause.at,
            withdraws: None,
        };
        Event::new(&self.cause, "processing", &data)
    }

    pub(crate) fn review_requested(&self, sequence: i32) -> Event {
        let data = ReviewRequested {
            sequence,
            proposal: proposal(),
            candidates: vec![],
            record: self.snapshot(),
            withdraws: None,
        };
        Event::new(&self.cause, "processing", &data)
    }

    pub(crate) fn approved(&self, outcome: ApprovalOutcome, label: &str, decided_at: DateTime) -> Event {
        let data = Approved {
            approval_id: Some(ApprovalId::generate()),
            was_pending: true,
            decision_id: DecisionId::generate(),
            outcome,
            label: label.into(),
            proposal: proposal(),
            record: self.snapshot(),
            comment: None,
            rule_id: None,
            requested_at: self.cause.at,
            decided_at,
        };
        Event::new(&self.cause, "approvals", &data)
    }

    fn snapshot(&self) -> RecordSnapshot {
        RecordSnapshot {
            record_id: self.record,
            external_id: None,
            source: "api".into(),
            integration_id: None,
            received_at: self.cause.at,
            normalized: NormalizedRecord::default(),
        }
    }
}

fn reasoning(summary: &str) -> Reasoning {
    Reasoning {
        summary: summary.into(),
        rule: None,
        rule_set_version: None,
        rules_evaluated: 1,
        thresholds: Thresholds { auto_accept: 0.8, ..Thresholds::default() },
        why_human: None,
        ..Reasoning::default()
    }
}

fn proposal() -> Proposal {
    Proposal {
        decision_id: DecisionId::generate(),
        label: Some("spam".into()),
        stage: Stage::Rule,
        confidence: Some(0.4),
        reasoning: reasoning("not sure"),
    }
}

/// Publishes the events, then a mark: a verdict on another record. When the mark has arrived, so have they.
pub(crate) async fn tell(app: &TestApp, events: &[Event]) {
    let (mark, tenant) = Teller::with_record(app).await;
    for event in events {
        app.publish(std::slice::from_ref(event)).await;
    }
    app.publish(&[mark.classified(1, "mark")]).await;
    wait_until("the mark", async || (show(app, tenant, mark.record).await["status"] == "classified").then_some(()))
        .await;
}

pub(crate) async fn show(app: &TestApp, tenant: TenantId, record: RecordId) -> Value {
    let answer = app.caller(tenant, Role::Analyst).get(&format!("/api/v1/records/{record}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_follows_its_verdicts() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    tell(&app, &[teller.review_requested(1)]).await;
    let record = show(&app, tenant, teller.record).await;
    assert_eq!(
        (&record["status"], &record["label"], &record["version"]),
        (&json!("pending_review"), &json!("spam"), &json!(2))
    );
    assert_eq!(record["reasoning"]["summary"], "not sure");

    tell(&app, &[teller.classified(2, "ham")]).await;
    let record = show(&app, tenant, teller.record).await;
    assert_eq!(
        (&record["status"], &record["label"], &record["stage"]),
        (&json!("classified"), &json!("ham"), &json!("rule"))
    );
    assert_eq!(record["decisions"][0]["sequence"], 2);

    tell(&app, &[teller.approved(ApprovalOutcome::Override, "other", SystemClock.now())]).await;
    let record = show(&app, tenant, teller.record).await;
    assert_eq!(
        (&record["status"], &record["label"], &record["stage"]),
        (&json!("overridden"), &json!("other"), &json!("human"))
    );
    assert_eq!((&record["confidence"], &record["version"]), (&json!(1.0), &json!(4)));
    assert_eq!(record["reasoning"]["summary"], "ann chose \"other\"; the machine had proposed \"spam\".");
    assert_eq!(record["decisions"][0]["byHuman"], true);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_and_repetition_do_not_matter() {
    let app = start().await;
    let now = SystemClock.now();
    let earlier = now - chrono::Duration::seconds(5);
    let (teller, tenant) = Teller::with_record(&app).await;
    let events = [
        teller.classified(3, "third"),
        teller.classified(1, "first"),
        teller.approved(ApprovalOutcome::Approve, "late", now),
        teller.approved(ApprovalOutcome::Override, "early", earlier),
        teller.classified(9, "ninth"),
        teller.review_requested(8),
    ];
    // Every rotation, one event at a time and twice over, ends in the same state.
    for turn in 0..events.len() {
        let mut turned = events.to_vec();
        turned.rotate_left(turn);
        turned.extend(turned.clone());
        tell(&app, &turned).await;
        let record = show(&app, tenant, teller.record).await;
        assert_eq!((&record["status"], &record["label"]), (&json!("approved"), &json!("late")), "turn {turn}");
    }
    let (fresh, tenant) = Teller::with_record(&app).await;
    tell(&app, &[fresh.classified(3, "third"), fresh.classified(1, "first"), fresh.classified(3, "third")]).await;
    let record = show(&app, tenant, fresh.record).await;
    assert_eq!((&record["label"], &record["version"]), (&json!("third"), &json!(2)), "one change, two ignored");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_the_strongest_of_each_record() {
    let app = start().await;
    let (one, tenant) = Teller::with_record(&app).await;
    let (other, stranger) = Teller::with_record(&app).await;
    let together = [one.classified(2, "b"), other.classified(1, "c"), one.classified(1, "a")];
    app.publish(&together).await;
    tell(&app, &[]).await;
    assert_eq!(show(&app, tenant, one.record).await["label"], "b");
    assert_eq!(show(&app, stranger, other.record).await["label"], "c");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_on_strange_records_change_nothing() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let thief = Teller::of(TenantId::generate(), teller.record);
    let nobody = Teller::of(tenant, RecordId::generate());
    tell(&app, &[thief.classified(5, "stolen"), nobody.classified(1, "nothing")]).await;
    assert_eq!(show(&app, tenant, teller.record).await["status"], "ingested");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_is_set_apart_and_holds_up_no_other() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let mut broken = teller.classified(2, "x");
    broken.data = serde_json::value::to_raw_value(&json!({"recordId": 7})).expect("JSON");
    app.publish(&[broken, teller.classified(1, "good")]).await;
    wait_until("the good one", async || (show(&app, tenant, teller.record).await["label"] == "good").then_some(()))
        .await;
    wait_until("the dead letter", async || (app.dead_letters("ingestion.states").await == 1).then_some(())).await;
    app.stop().await;
}
