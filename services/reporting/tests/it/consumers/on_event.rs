//! From the bus into the feed.

use common::event::Event;
use common::{EventId, Role, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::support::{any_event, any_events, assert_gapless, feed_of_length, ids, ids_of, start};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_logged_as_it_was_told() {
    let app = start().await;
    let tenant = TenantId::generate();
    let event = any_event(tenant);
    app.publish(std::slice::from_ref(&event)).await;
    let feed = feed_of_length(&app.caller(tenant, Role::Analyst), 1).await;
    let expected = json!({
        "id": event.id,
        "position": 1,
        "type": "LABEL_DELETED",
        "tenantId": tenant,
        "sourceAgent": "processing",
        "actor": {"type": "service", "id": "processing"},
        "subject": {"type": "label", "id": event.subject.id},
        "occurredAt": "2026-03-01T12:00:00Z",
        "traceId": event.trace_id,
        "data": serde_json::from_str::<serde_json::Value>(event.data.get()).expect("JSON"),
        "schemaVersion": 1,
    });
    assert_eq!(feed, [expected]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_type_unknown_to_this_build_is_kept_as_it_is() {
    let app = start().await;
    let tenant = TenantId::generate();
    let event = json!({
        "id": EventId::generate(),
        "type": "MOON_LANDED",
        "tenantId": tenant,
        "sourceAgent": "nasa",
        "actor": {"type": "user", "id": "neil", "name": "Neil"},
        "subject": {"type": "moon", "id": "luna"},
        "occurredAt": "1969-07-20T20:17:40Z",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "schemaVersion": 7,
        "data": {"step": "small", "leap": [1.50, {"giant": null}], "text": "\u{1F680} \\u0000"},
    });
    app.publish_raw("MOON_LANDED", json!([event]).to_string().as_bytes()).await;
    let feed = feed_of_length(&app.caller(tenant, Role::Analyst), 1).await;
    let mut expected = event;
    expected["position"] = json!(1);
    assert_eq!(feed, [expected]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_a_known_type_that_cannot_be_read_is_logged_and_counts_for_nothing() {
    let app = start().await;
    let tenant = TenantId::generate();
    let mut event = any_event(tenant);
    event.kind = "CLASSIFIED".into();
    app.publish(&[event]).await;
    let analyst = app.caller(tenant, Role::Analyst);
    let feed = feed_of_length(&analyst, 1).await;
    assert_eq!(feed[0]["type"], "CLASSIFIED");
    let summary = analyst.get("/api/v1/reports/summary?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z").await;
    assert_eq!(summary.body["totals"]["decided"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_come_twice_and_overlap_are_logged_once() {
    let app = start().await;
    let (ann, bob) = (TenantId::generate(), TenantId::generate());
    let (of_ann, of_bob) = (any_events(ann, 5), any_events(bob, 2));
    app.publish(&of_ann[..3]).await;
    app.publish(&of_ann[..3]).await;
    app.publish(&[of_ann[1..].to_vec(), of_bob.clone()].concat()).await;
    app.publish(&[of_bob.clone(), of_bob.clone()].concat()).await;
    let feed = feed_of_length(&app.caller(ann, Role::Analyst), 5).await;
    assert_eq!(ids(&feed), ids_of(&of_ann));
    let feed = feed_of_length(&app.caller(bob, Role::Analyst), 2).await;
    assert_eq!(ids(&feed), ids_of(&of_bob));

    // A last event behind them all shows that nothing more was to come.
    app.publish(&[any_event(ann), any_event(bob)]).await;
    let feed = feed_of_length(&app.caller(ann, Role::Analyst), 6).await;
    assert_eq!(feed.len(), 6);
    assert_gapless(&feed);
    assert_eq!(feed_of_length(&app.caller(bob, Role::Analyst), 3).await.len(), 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_frame_is_set_apart_and_holds_nothing_up() {
    let app = start().await;
    let tenant = TenantId::generate();
    app.publish_raw("LABEL_DELETED", b"{not json").await;
    let mut without_actor = serde_json::to_value(any_event(tenant)).expect("JSON");
    without_actor.as_object_mut().expect("an object").remove("actor");
    app.publish_raw("LABEL_DELETED", json!([without_actor]).to_string().as_bytes()).await;
    app.publish(&[any_event(tenant)]).await;
    assert_eq!(feed_of_length(&app.caller(tenant, Role::Analyst), 1).await.len(), 1);
    wait_until("both are dead", async || (app.dead_letters("reporting.log").await == 2).then_some(())).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_database_refuses_is_set_apart_and_its_neighbours_are_logged() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (good, mut bad) = (any_events(tenant, 2), any_event(tenant));
    bad.subject.id = "no \0 text".into();
    let frame: Vec<Event> = vec![good[0].clone(), bad, good[1].clone()];
    app.publish(&frame).await;
    let feed = feed_of_length(&app.caller(tenant, Role::Analyst), 2).await;
    assert_eq!(ids(&feed), ids_of(&good));
    assert_gapless(&feed);
    wait_until("one is dead", async || (app.dead_letters("reporting.log").await == 1).then_some(())).await;
    app.stop().await;
}
