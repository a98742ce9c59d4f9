//! Batches that come to nothing leave nothing behind, and no gap.

use common::{Role, TenantId};
use reporting::{LogEventsError, log_events, log_once};
use tokio::sync::oneshot;

use crate::support::{any_event, any_events, assert_gapless, follow, ids, ids_of, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_rolled_back_leaves_no_gap() {
    let app = start().await;
    let (db, tenant) = (app.db(), TenantId::generate());
    let (first, lost, second) = (any_events(tenant, 2), any_events(tenant, 3), any_events(tenant, 2));
    log_events(&db, &first).await.expect("logged");
    let outcome = db
        .tenant(tenant, async |conn| {
            log_once(conn, &lost).await?;
            Err::<(), _>(LogEventsError::NewTenant)
        })
        .await;
    assert!(matches!(outcome, Err(LogEventsError::NewTenant)));
    log_events(&db, &second).await.expect("logged");
    let (feed, _) = follow(&app.caller(tenant, Role::Analyst), "", None).await;
    assert_eq!(ids(&feed), ids_of(&[first, second].concat()));
    assert_gapless(&feed);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_killed_leaves_no_gap_and_no_lock() {
    let app = start().await;
    let (db, tenant) = (app.db(), TenantId::generate());
    let first = any_event(tenant);
    log_events(&db, std::slice::from_ref(&first)).await.expect("logged");
    let lost = any_events(tenant, 3);
    let (written, is_written) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let victim = tokio::spawn({
        let (db, lost) = (db.clone(), lost.clone());
        async move {
            db.tenant(tenant, async |conn| {
                log_once(conn, &lost).await?;
                written.send(()).expect("the test listens");
                may_go_on.await.expect("the test decides");
                Ok::<_, LogEventsError>(())
            })
            .await
        }
    });
    is_written.await.expect("the batch is written");
    app.owner_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND state = 'idle in transaction'",
    )
    .await;
    go_on.send(()).expect("the writer waits");
    assert!(victim.await.expect("no panic").is_err(), "the commit cannot have worked");

    // The broker delivers an unacknowledged batch again.
    assert_eq!(log_events(&db, &lost).await.expect("logged"), 3);
    let (feed, _) = follow(&app.caller(tenant, Role::Analyst), "", None).await;
    assert_eq!(ids(&feed), ids_of(&[vec![first], lost].concat()));
    assert_gapless(&feed);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_another_tenants_event_is_refused_and_nothing_is_logged() {
    let app = start().await;
    let (db, ann, bob) = (app.db(), TenantId::generate(), TenantId::generate());
    let original = any_event(ann);
    log_events(&db, std::slice::from_ref(&original)).await.expect("logged");
    let mut forged = original.clone();
    forged.tenant_id = bob;
    let error = log_events(&db, &[any_event(bob), forged]).await.expect_err("the id is taken");
    assert_eq!(error.unique_constraint(), Some("events_id_key"));
    assert_eq!(app.count("events").await, 1);
    app.finish().await;
}
