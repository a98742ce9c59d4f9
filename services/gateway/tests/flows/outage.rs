//! Parts that go away: what was acknowledged is kept, and reaches its end once they are back.

use std::collections::HashMap;

use serde_json::Value;
use test_support::{Stack, wait_until};

use crate::api::{Api, Source, assert_feed_is_exact, count};

/// Delivers texts, trying each again until it is acknowledged, and returns delivery → record.
async fn deliver_all(owner: &Api, source: &Source, name: &str, texts: usize) -> HashMap<String, String> {
    let mut acknowledged = HashMap::new();
    for n in 0..texts {
        let delivery = format!("{name}-{n}");
        let text = if n % 2 == 0 { "refund please" } else { "hello there" };
        let record = wait_until(&format!("{delivery} is acknowledged"), async || {
            let answer = owner.try_deliver(source, &delivery, text).await.ok()?;
            let accepted = answer.status == 202 || answer.status == 200;
            accepted.then(|| answer.body["data"]["recordId"].as_str().map(str::to_owned)).flatten()
        })
        .await;
        acknowledged.insert(delivery, record);
    }
    acknowledged
}

/// Every acknowledged record was decided or put to a person exactly once, and told exactly once.
async fn assert_all_arrived(owner: &Api, acknowledged: &HashMap<String, String>) {
    for record in acknowledged.values() {
        owner.wait_for_status(record, &["classified", "pending_review"]).await;
    }
    let done = |events: &[Value], record: &str| {
        count(events, "CLASSIFIED", record) + count(events, "REVIEW_REQUESTED", record)
    };
    let events = owner
        .wait_for_feed("every record's decision", |events| {
            acknowledged.values().all(|record| done(events, record) > 0 && count(events, "INGESTED", record) > 0)
        })
        .await;
    assert_feed_is_exact(&events);
    for record in acknowledged.values() {
        assert_eq!((count(&events, "INGESTED", record), done(&events, record)), (1, 1), "record {record}");
        let outcomes = owner.get(&format!("/processing/outcomes/{record}")).await.expect(200);
        let outcomes = outcomes.as_array().expect("a list");
        assert_eq!(outcomes.iter().filter(|outcome| outcome["current"] == true).count(), 1, "record {record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_accepted_while_the_broker_is_away() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    stack.broker_line.cut();
    let acknowledged = deliver_all(&owner, &source, "cut", 30).await;
    for record in acknowledged.values() {
        let shown = owner.get(&format!("/records/{record}")).await.expect(200);
        assert_eq!(shown["status"], "ingested", "stored, and waiting for the broker");
    }
    stack.broker_line.mend();
    assert_all_arrived(&owner, &acknowledged).await;
    stack.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_may_die_in_mid_flow() {
    let mut stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    let mut acknowledged = HashMap::new();
    for victim in ["processing", "reporting", "approvals", "billing", "ingestion", "gateway"] {
        let accident = async {
            let listed = async || (owner.get("/records").await.status == 200).then_some(());
            wait_until("some are on their way", listed).await;
            stack.kill(victim).await;
            stack.restart(victim).await;
        };
        let (arrived, ()) = tokio::join!(deliver_all(&owner, &source, victim, 40), accident);
        acknowledged.extend(arrived);
    }
    assert_eq!(acknowledged.len(), 240);
    assert_all_arrived(&owner, &acknowledged).await;
    stack.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_drops_every_connection_loses_nothing() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    let cuts = async {
        for n in 0..3 {
            let probe = format!("probe-{n}");
            stack.database_line.cut();
            let refused = owner.try_deliver(&source, &probe, "is anybody there").await;
            assert!(refused.is_ok_and(|answer| answer.status >= 500), "without a database nothing is acknowledged");
            stack.database_line.mend();
            wait_until("deliveries work again", async || {
                owner.try_deliver(&source, &probe, "is anybody there").await.ok().filter(|answer| answer.status < 300)
            })
            .await;
        }
    };
    let (acknowledged, ()) = tokio::join!(deliver_all(&owner, &source, "drop", 60), cuts);
    assert_all_arrived(&owner, &acknowledged).await;
    stack.finish().await;
}
