//! `GET /events`: filters and cursors.

use common::event::{ApprovalOutcome, Event};
use common::{Role, TenantId};
use reporting::log_events;
use test_support::TestApp;

use crate::support::{Journey, any_event, any_events, follow, ids, ids_of, start};

/// A feed of seven events, hours apart, told by three services.
async fn week(app: &TestApp, tenant: TenantId) -> (Vec<Event>, String) {
    let (first, second) =
        (Journey::of(tenant, "shop", "2026-03-01T10:30:00Z"), Journey::of(tenant, "shop", "2026-03-01T12:00:00Z"));
    let events = vec![
        first.ingested(),
        first.classified("refund", 60_000, 1),
        second.ingested(),
        second.review_requested(3_600_000),
        second.answered(ApprovalOutcome::Override, "other", 7_200_000),
        any_event(tenant),
        first.classified("other", 86_400_000, 2),
    ];
    log_events(&app.db(), &events).await.expect("logged");
    (events, second.record_id().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_lets_through_what_it_says() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (events, second) = week(&app, tenant).await;
    let analyst = app.caller(tenant, Role::Analyst);
    let cases: Vec<(String, &[usize])> = vec![
        (String::new(), &[0, 1, 2, 3, 4, 5, 6]),
        ("&type=CLASSIFIED".into(), &[1, 6]),
        ("&type=CLASSIFIED,APPROVED".into(), &[1, 4, 6]),
        ("&type=MOON_LANDED".into(), &[]),
        ("&sourceAgent=processing".into(), &[1, 3, 5, 6]),
        ("&sourceAgent=approvals".into(), &[4]),
        (format!("&subjectId={second}"), &[2, 3, 4]),
        (format!("&subjectId={second}&type=INGESTED"), &[2]),
        ("&from=2026-03-01T12:00:00Z".into(), &[2, 3, 4, 5, 6]),
        ("&from=2026-03-01T12:00:00.000001Z".into(), &[3, 4, 6]),
        ("&to=2026-03-01T12:00:00Z".into(), &[0, 1]),
        ("&from=2026-03-01T10:31:00Z&to=2026-03-01T13:00:00.1Z".into(), &[1, 2, 3, 5]),
        ("&from=2026-03-01T13:00:00%2B01:00&to=2026-03-01T12:30:00Z".into(), &[2, 5]),
        ("&from=2026-03-01T11:00:00Z&to=2026-03-01T11:00:00Z".into(), &[]),
        ("&from=2030-01-01T00:00:00Z".into(), &[]),
        ("&to=2020-01-01T00:00:00Z".into(), &[]),
        ("&type=CLASSIFIED&sourceAgent=processing&from=2026-03-02T00:00:00Z".into(), &[6]),
    ];
    for (filter, expected) in cases {
        let (found, _) = follow(&analyst, &filter, None).await;
        let expected: Vec<String> = expected.iter().map(|at| events[*at].id.to_string()).collect();
        assert_eq!(ids(&found), expected, "{filter}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_waits_at_the_end_and_goes_on() {
    let app = start().await;
    let (tenant, db) = (TenantId::generate(), app.db());
    let reader = app.caller(tenant, Role::Agent);
    let (nothing, beginning) = follow(&reader, "", None).await;
    assert!(nothing.is_empty(), "a feed that has not begun has a cursor too");

    let first = any_events(tenant, 7);
    log_events(&db, &first).await.expect("logged");
    let (seen, end) = follow(&reader, "", Some(beginning)).await;
    assert_eq!(ids(&seen), ids_of(&first));
    let (nothing, same) = follow(&reader, "", Some(end.clone())).await;
    assert!(nothing.is_empty());
    assert_eq!(same, end);

    let second = any_events(tenant, 2);
    log_events(&db, &second).await.expect("logged");
    let (seen, _) = follow(&reader, "", Some(end)).await;
    assert_eq!(ids(&seen), ids_of(&second));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_reader_skips_what_it_has_looked_through() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (events, _) = week(&app, tenant).await;
    let analyst = app.caller(tenant, Role::Analyst);
    let answer = analyst.get("/api/v1/events?type=APPROVED").await;
    assert_eq!(answer.status, 200);
    assert_eq!(ids(answer.body.as_array().expect("a list")), [events[4].id.to_string()]);
    // The cursor is a place in the feed, behind all that was there; so without the filter nothing follows.
    let (rest, _) = follow(&analyst, "", answer.next_cursor().map(str::to_owned)).await;
    assert!(rest.is_empty());
    // A full page's cursor stands at its last event, not at the end.
    let answer = analyst.get("/api/v1/events?type=CLASSIFIED&limit=1").await;
    let (rest, _) = follow(&analyst, "", answer.next_cursor().map(str::to_owned)).await;
    assert_eq!(ids(&rest), ids_of(&events[2..]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_late_are_found_by_when_they_happened() {
    let app = start().await;
    let tenant = TenantId::generate();
    let old = Journey::of(tenant, "shop", "2026-01-01T00:00:00Z");
    log_events(&app.db(), &any_events(tenant, 3)).await.expect("logged");
    log_events(&app.db(), &[old.ingested()]).await.expect("logged");
    log_events(&app.db(), &any_events(tenant, 3)).await.expect("logged");
    let analyst = app.caller(tenant, Role::Analyst);
    let (found, _) = follow(&analyst, "&to=2026-02-01T00:00:00Z", None).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["position"], 4);
    let (found, _) = follow(&analyst, "&from=2026-03-01T12:00:00Z&to=2026-03-01T13:00:00Z", None).await;
    let positions: Vec<_> = found.iter().map(|event| &event["position"]).collect();
    assert_eq!(positions, [1, 2, 3, 5, 6, 7], "an hour's range grows with later batches");
    app.finish().await;
}
