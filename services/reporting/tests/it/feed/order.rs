//! The order: a reader that follows the cursor sees every event once, whatever commits late.

use std::collections::HashMap;

use common::event::Event;
use common::{Role, TenantId};
use reporting::{log_events, log_once};
use serde_json::Value;
use test_support::{TestApp, wait_until};
use tokio::sync::oneshot;

use crate::support::{any_events, assert_gapless, follow, ids, ids_of, start};

/// Makes the tenants' heads, so that what follows is about a feed that is in use.
async fn open_feeds(app: &TestApp, tenants: &[TenantId]) {
    for tenant in tenants {
        log_events(&app.db(), &any_events(*tenant, 1)).await.expect("logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_misses_nothing_of_a_batch_that_commits_late() {
    let app = start().await;
    let (db, slow, other) = (app.db(), TenantId::generate(), TenantId::generate());
    open_feeds(&app, &[slow, other]).await;
    let (reader, neighbour) = (app.caller(slow, Role::Analyst), app.caller(other, Role::Analyst));
    let (before, cursor) = follow(&reader, "", None).await;

    let late = any_events(slow, 3);
    let (written, is_written) = oneshot::channel();
    let (commit, may_commit) = oneshot::channel::<()>();
    let stuck = tokio::spawn({
        let (db, late) = (db.clone(), late.clone());
        async move {
            db.tenant(slow, async |conn| {
                let logged = log_once(conn, &late).await?;
                written.send(()).expect("the test listens");
                may_commit.await.expect("the test decides");
                Ok::<_, reporting::LogEventsError>(logged)
            })
            .await
        }
    });
    is_written.await.expect("the late batch is written");

    // One batch of the same tenant, and one of both, come while the first is open.
    let (next, mixed) = (any_events(slow, 2), [any_events(other, 1), any_events(slow, 1)].concat());
    let blocked = [next.clone(), mixed.clone()].map(|events| {
        let db = db.clone();
        tokio::spawn(async move { log_events(&db, &events).await })
    });
    wait_until("two writers wait for the head", async || {
        (app.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").await == 2)
            .then_some(())
    })
    .await;
    let neighbours = any_events(other, 2);
    // The mixed batch may hold the neighbour's head; a third tenant is nobody's business.
    let third = TenantId::generate();
    log_events(&db, &any_events(third, 2)).await.expect("a stranger's batch is not held up");

    let (during, cursor) = follow(&reader, "", Some(cursor)).await;
    assert_eq!(during, Vec::<Value>::new(), "nothing is visible before all that is below it");

    commit.send(()).expect("the writer waits");
    assert_eq!(stuck.await.expect("no panic").expect("committed"), 3);
    for writer in blocked {
        writer.await.expect("no panic").expect("logged");
    }
    log_events(&db, &neighbours).await.expect("logged");

    let (after, _) = follow(&reader, "", Some(cursor)).await;
    let mut expected = ids_of(&late);
    expected.extend(ids_of(&next));
    expected.push(mixed[1].id.to_string());
    let mut seen = ids(&after);
    assert_eq!(seen[..3], expected[..3], "the late batch is first: it had the head");
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    assert_gapless(&[before, after].concat());
    let (neighbours_feed, _) = follow(&neighbour, "", None).await;
    assert_eq!(neighbours_feed.len(), 1 + 1 + 2);
    assert_gapless(&neighbours_feed);
    app.finish().await;
}

/// Batches of `size` that begin at every `stride`th event, so that neighbours overlap.
fn overlapping(events: &[Event], size: usize, stride: usize) -> Vec<Vec<Event>> {
    (0..events.len()).step_by(stride).map(|at| events[at..events.len().min(at + size)].to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_writers_log_overlapping_batches_once() {
    let app = start().await;
    let tenants: Vec<TenantId> = (0..4).map(|_| TenantId::generate()).collect();
    // Interleaved, so that each batch holds several tenants and writers take the heads together.
    let mut per_tenant: Vec<_> = tenants.iter().map(|tenant| any_events(*tenant, 75).into_iter()).collect();
    let events: Vec<Event> =
        (0..75).flat_map(|_| per_tenant.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>()).collect();

    let followers = tenants.iter().map(|tenant| {
        let reader = app.caller(*tenant, Role::Analyst);
        tokio::spawn(async move {
            let (mut seen, mut cursor) = (Vec::new(), None);
            while seen.len() < 75 {
                let (more, next) = follow(&reader, "", cursor).await;
                seen.extend(more);
                cursor = Some(next);
            }
            seen
        })
    });
    let followers: Vec<_> = followers.collect();
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let (db, mut batches) = (app.db(), overlapping(&events, 40, 25));
            if writer % 2 == 1 {
                batches.reverse();
                batches.iter_mut().for_each(|batch| batch.reverse());
            }
            tokio::spawn(async move {
                let mut logged = 0;
                for batch in &batches {
                    logged += log_events(&db, batch).await.expect("no race fails a batch");
                }
                logged
            })
        })
        .collect();
    let mut logged = 0;
    for writer in writers {
        logged += writer.await.expect("no panic");
    }
    assert_eq!(logged, events.len(), "each event was new to exactly one writer");

    let mut wanted: HashMap<String, Vec<String>> = HashMap::new();
    for event in &events {
        wanted.entry(event.tenant_id.to_string()).or_default().push(event.id.to_string());
    }
    for (tenant, follower) in tenants.iter().zip(followers) {
        let seen = follower.await.expect("no panic");
        assert_gapless(&seen);
        let (mut seen, mut wanted) = (ids(&seen), wanted.remove(&tenant.to_string()).expect("four tenants"));
        seen.sort();
        wanted.sort();
        assert_eq!(seen, wanted);
    }
    app.finish().await;
}
