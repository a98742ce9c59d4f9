//! Seats and integrations: the newest word about each stands.

use chrono::Duration;
use common::event::Event;
use common::{FileId, IntegrationId, TenantId, UserId};

use crate::support::{connected, created, discarded, joined, left, now, removed, settle, start, status, stored};

/// The events in every order, one publication each.
fn orders(events: &[Event; 3]) -> Vec<Vec<Event>> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    orders.map(|order| order.map(|index| events[index].clone()).to_vec()).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joined_left_and_joined_again_has_one_seat_in_any_order() {
    let app = start().await;
    let start = now();
    let minutes = |minutes| start + Duration::minutes(minutes);
    for index in 0..6 {
        let (tenant, ann) = (TenantId::generate(), UserId::generate());
        let events = [joined(tenant, ann, start), left(tenant, ann, minutes(1)), joined(tenant, ann, minutes(2))];
        for event in &orders(&events)[index] {
            app.publish(&[event.clone(), event.clone()]).await;
        }
        settle(&app).await;
        assert_eq!(status(&app, tenant).await["usage"]["seats"], 1, "order {index}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_source_is_not_counted_whenever_its_connection_is_heard_of() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (kept, gone, late) = (IntegrationId::generate(), IntegrationId::generate(), IntegrationId::generate());
    let later = now() + Duration::seconds(1);
    app.publish(&[connected(tenant, kept, now()), connected(tenant, gone, now())]).await;
    app.publish(&[removed(tenant, gone, later)]).await;
    app.publish(&[removed(tenant, late, later)]).await;
    app.publish(&[connected(tenant, late, now())]).await;
    settle(&app).await;
    assert_eq!(status(&app, tenant).await["usage"]["integrations"], 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_count_by_their_bytes_for_as_long_as_they_are_there() {
    let app = start().await;
    let (tenant, other) = (TenantId::generate(), TenantId::generate());
    let (kept, gone, late) = (FileId::generate(), FileId::generate(), FileId::generate());
    let later = now() + Duration::seconds(1);
    let first = stored(tenant, kept, 700, now());
    app.publish(&[first.clone(), first, stored(tenant, gone, 50, now()), stored(other, FileId::generate(), 9, now())])
        .await;
    app.publish(&[discarded(tenant, gone, later), discarded(tenant, late, later)]).await;
    app.publish(&[stored(tenant, late, 5_000, now())]).await;
    settle(&app).await;
    let status = status(&app, tenant).await;
    assert_eq!(status["usage"]["fileBytes"], 700);
    let told = status["explanations"].as_array().expect("a list");
    let files = told.iter().find(|one| one["entitlement"] == "fileBytes").expect("it is explained");
    assert_eq!((&files["used"], &files["state"]), (&serde_json::json!(700), &serde_json::json!("within")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owner_has_one_seat_however_often_it_is_told() {
    let app = start().await;
    let (tenant, owner) = (TenantId::generate(), UserId::generate());
    app.publish(&[joined(tenant, owner, now())]).await;
    app.publish(&[created(tenant, owner)]).await;
    settle(&app).await;
    assert_eq!(status(&app, tenant).await["usage"]["seats"], 1);
    app.finish().await;
}
