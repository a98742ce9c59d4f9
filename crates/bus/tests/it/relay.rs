//! From the outbox to the queue.

use std::sync::Arc;

use test_support::wait_until;

use crate::support::{House, Notes, event};

#[tokio::test(flavor = "multi_thread")]
async fn committed_events_arrive_and_rolled_back_ones_do_not() {
    let mut house = House::build().await;
    let notes = Arc::new(Notes::default());
    house.start_relay();
    house.start_consumer(notes.clone());
    let told: Vec<_> = (0..700).map(|n| event(&format!("label {n}"))).collect();
    house.tell_and_fail(&[event("never happened")]).await;
    for chunk in told.chunks(50) {
        house.tell(chunk).await;
    }
    wait_until("700 events handled", async || (notes.count() >= 700).then_some(())).await;
    let seen = notes.seen.lock().expect("no panic").clone();
    assert_eq!(seen.len(), 700);
    assert!(told.iter().all(|event| seen.contains_key(&event.id)));
    let calls = notes.calls.lock().expect("no panic").len();
    assert!(calls < 350, "events arrive in batches, not one by one: {calls} calls for 700 events");
    house.demolish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_share_an_outbox_without_publishing_twice() {
    let mut house = House::build().await;
    let notes = Arc::new(Notes::default());
    for _ in 0..40 {
        house.tell(&(0..25).map(|n| event(&n.to_string())).collect::<Vec<_>>()).await;
    }
    house.start_relay();
    house.start_relay();
    house.start_consumer(notes.clone());
    wait_until("1,000 events handled", async || (notes.count() >= 1_000).then_some(())).await;
    let seen = notes.seen.lock().expect("no panic").clone();
    assert!(seen.values().all(|times| *times == 1), "without a failure nothing comes twice");
    house.demolish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_away_delays_events_and_loses_none() {
    let mut house = House::build().await;
    let notes = Arc::new(Notes::default());
    house.start_relay();
    house.start_consumer(notes.clone());
    house.tell(&[event("before")]).await;
    wait_until("the first one handled", async || (notes.count() == 1).then_some(())).await;
    house.line.cut();
    for n in 0..30 {
        house.tell(&[event(&n.to_string())]).await;
    }
    house.line.mend();
    wait_until("all handled", async || (notes.count() == 31).then_some(())).await;
    house.demolish().await;
}
