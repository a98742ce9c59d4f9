//! From the queue to the handler, and what becomes of events that cannot be handled.

use std::sync::Arc;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use settings::ExposeSecret as _;
use test_support::wait_until;

use crate::support::{House, Notes, event};

async fn depth(house: &House, queue: &str) -> u32 {
    let url = house.broker.settings().url;
    let connection = Connection::connect(url.expose_secret(), ConnectionProperties::default()).await.expect("connects");
    let channel = connection.create_channel().await.expect("a channel");
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    channel.queue_declare(queue.into(), passive, FieldTable::default()).await.expect("declared").message_count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_event_is_set_apart_and_the_rest_of_its_batch_is_handled() {
    let mut house = House::build().await;
    let notes = Arc::new(Notes::default());
    let mut events: Vec<_> = (0..20).map(|n| event(&n.to_string())).collect();
    events.insert(7, event("poison one"));
    events.insert(13, event("poison two"));
    house.tell(&events).await;
    house.start_relay();
    house.start_consumer(notes.clone());
    wait_until("20 handled", async || (notes.count() == 20).then_some(())).await;
    wait_until("2 dead", async || (depth(&house, "approvals.labels.dead").await == 2).then_some(())).await;
    assert_eq!(depth(&house, "approvals.labels").await, 0);
    house.demolish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_failure_is_tried_again_until_it_works() {
    let mut house = House::build().await;
    let notes = Arc::new(Notes::default());
    house.tell(&[event("flaky"), event("steady")]).await;
    house.start_relay();
    house.start_consumer(notes.clone());
    wait_until("both handled", async || (notes.count() == 2).then_some(())).await;
    assert_eq!(depth(&house, "approvals.labels.dead").await, 0);
    house.demolish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_frame_is_set_apart() {
    let mut house = House::build().await;
    let notes = Arc::new(Notes::default());
    house.bus.ping().await.expect("connects and declares");
    let url = house.broker.settings().url;
    let connection = Connection::connect(url.expose_secret(), ConnectionProperties::default()).await.expect("connects");
    let channel = connection.create_channel().await.expect("a channel");
    let (options, properties) = (lapin::options::BasicPublishOptions::default(), lapin::BasicProperties::default());
    let sent = channel.basic_publish("".into(), "approvals.labels".into(), options, b"not json", properties).await;
    sent.expect("sent").await.expect("taken");
    house.tell(&[event("after it")]).await;
    house.start_relay();
    house.start_consumer(notes.clone());
    wait_until("the next one handled", async || (notes.count() == 1).then_some(())).await;
    wait_until("1 dead", async || (depth(&house, "approvals.labels.dead").await == 1).then_some(())).await;
    house.demolish().await;
}
