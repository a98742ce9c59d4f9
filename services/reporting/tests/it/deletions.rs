//! The end of a tenant: its log goes in bounded steps, once, and nobody else's.

use common::event::ApprovalOutcome;
use common::{Role, TenantId};
use db::{DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use test_support::{TestApp, tenant_deleted, wait_until};

use crate::support::{Journey, any_event, any_events, feed_of_length, start};

#[derive(QueryableByName)]
struct Removed {
    #[diesel(sql_type = BigInt)]
    removed: i64,
}

async fn log_of(app: &TestApp, tenant: TenantId) {
    let journey = Journey::of(tenant, "shop", "2026-03-01T12:00:00Z");
    let answered = journey.answered(ApprovalOutcome::Override, "fee", 500);
    app.publish(&[journey.ingested(), journey.review_requested(100), answered]).await;
    feed_of_length(&app.caller(tenant, Role::Analyst), 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_and_the_counts_of_a_deleted_tenant_go_and_no_others() {
    let app = start().await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    log_of(&app, ours).await;
    log_of(&app, theirs).await;
    // More than one step's worth.
    app.publish(&any_events(ours, 2_500)).await;
    let all = format!("events WHERE tenant_id = '{ours}'");
    wait_until("all of it is logged", async || (app.count(&all).await == 2_503).then_some(())).await;
    let (before, kept) = (app.rows_of(ours).await, app.rows_of(theirs).await);
    for table in ["events", "feed_heads", "feed_hours", "hourly_facts", "hourly_latencies", "backlogs"] {
        assert!(before.contains_key(table) && kept.contains_key(table), "{before:?}");
    }
    app.delete_tenant(ours).await;
    assert_eq!(app.rows_of(ours).await, Default::default());
    assert_eq!(app.rows_of(theirs).await, kept, "beside the news of it, which is nobody else's");
    assert_eq!(app.count("deleted_tenants WHERE deleted_by = 'an owner' AND removed > 2500").await, 1);

    // Told again, and followed by what was on its way: nothing comes back.
    app.publish(&[tenant_deleted(ours), any_event(ours), any_event(theirs)]).await;
    feed_of_length(&app.caller(theirs, Role::Analyst), 4).await;
    assert_eq!(app.rows_of(ours).await, Default::default());
    assert_eq!(app.count("deleted_tenants").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_late_is_found_by_a_later_look() {
    let app = start().await;
    let tenant = TenantId::generate();
    log_of(&app, tenant).await;
    app.delete_tenant(tenant).await;
    // As by a process that had not heard of it.
    app.owner_sql(&format!(
        "INSERT INTO backlogs (tenant_id, undecided) VALUES ('{tenant}', 1); \
         UPDATE deleted_tenants SET due_at = now(), emptied_at = NULL"
    ))
    .await;
    wait_until("it went", async || {
        (app.count("deleted_tenants WHERE emptied_at IS NOT NULL").await == 1).then_some(())
    })
    .await;
    assert_eq!(app.rows_of(tenant).await, Default::default());
    let ahead =
        "deleted_tenants WHERE due_at > now() + interval '30 seconds' AND due_at < now() + interval '5 minutes'";
    assert_eq!(app.count(ahead).await, 1, "and it is looked for again");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_rows_go_without_a_tombstone() {
    let app = start().await;
    let tenant = TenantId::generate();
    log_of(&app, tenant).await;
    let remove = async |table: &'static str| {
        app.db()
            .system(async |connection| {
                let sql = "SELECT removed FROM remove_tenant_rows($1, $2, 0, 100, 100)";
                let step = statement(sql).bind::<SqlUuid, _>(tenant.0).bind::<diesel::sql_types::Text, _>(table);
                let rows: Vec<Removed> = step.load(connection).await.map_err(DbError::from)?;
                Ok::<_, DbError>(rows.iter().map(|row| row.removed).sum::<i64>())
            })
            .await
    };
    let refused = remove("events").await.expect_err("there is no tombstone");
    assert!(format!("{refused:?}").contains("is not deleted"), "{refused:?}");
    app.owner_sql(&format!(
        "INSERT INTO deleted_tenants (tenant_id, deleted_at, deleted_by) VALUES ('{tenant}', now(), 'x')"
    ))
    .await;
    let refused = remove("deleted_tenants").await.expect_err("it is what is left");
    assert!(format!("{refused:?}").contains("holds no rows of tenants"), "{refused:?}");
    assert_eq!(remove("events").await.expect("removed"), 3);
    app.finish().await;
}
