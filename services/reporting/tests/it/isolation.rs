//! Two tenants: neither sees, counts or changes what is the other's.

use common::{Role, TenantId};
use db::DbError;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use reporting::log_events;

use crate::support::{Journey, any_events, follow, start};

const TABLES: [&str; 6] = [
    "SELECT count(*) AS n FROM events",
    "SELECT count(*) AS n FROM feed_heads",
    "SELECT count(*) AS n FROM feed_hours",
    "SELECT count(*) AS n FROM hourly_facts",
    "SELECT count(*) AS n FROM hourly_latencies",
    "SELECT count(*) AS n FROM backlogs",
];

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_show_the_callers_tenant_only() {
    let app = start().await;
    let (ann, bob) = (TenantId::generate(), TenantId::generate());
    let journey = Journey::of(ann, "shop", "2026-03-01T10:00:00Z");
    let of_ann = [journey.ingested(), journey.classified("refund", 100, 1)];
    log_events(&app.db(), &of_ann).await.expect("logged");
    log_events(&app.db(), &any_events(bob, 1)).await.expect("logged");
    let caller = app.caller(bob, Role::Owner);
    let (seen, _) = follow(&caller, "", None).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["tenantId"], bob.to_string());
    assert_eq!(seen[0]["position"], 1, "another tenant's volume does not show");
    let (seen, _) = follow(&caller, &format!("&subjectId={}", journey.record_id()), None).await;
    assert!(seen.is_empty());
    let summary = caller.get("/api/v1/reports/summary?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z").await;
    assert_eq!(summary.body["totals"]["received"], 0);
    assert_eq!(summary.body["latency"]["count"], 0);
    assert_eq!(summary.body["backlog"]["undecided"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_level_security_holds_without_a_where_clause() {
    let app = start().await;
    let (ann, bob, db) = (TenantId::generate(), TenantId::generate(), app.db());
    let journey = Journey::of(ann, "shop", "2026-03-01T10:00:00Z");
    log_events(&db, &[journey.ingested(), journey.classified("refund", 100, 1)]).await.expect("logged");
    for table in TABLES {
        let count = async |tenant| {
            db.tenant(tenant, async |conn| {
                let row: Count = diesel::sql_query(table).get_result(conn).await.map_err(DbError::from)?;
                Ok::<_, DbError>(row.n)
            })
            .await
            .expect("the count runs")
        };
        assert!(count(ann).await > 0, "{table}");
        assert_eq!(count(bob).await, 0, "{table}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_cannot_write_for_another_tenant_nor_change_the_log() {
    let app = start().await;
    let (ann, bob, db) = (TenantId::generate(), TenantId::generate(), app.db());
    log_events(&db, &any_events(ann, 1)).await.expect("logged");
    let run = async |tenant: TenantId, sql: &'static str| {
        db.tenant(tenant, async |conn| {
            let statement = diesel::sql_query(sql).bind::<SqlUuid, _>(ann.0);
            statement.execute(conn).await.map_err(DbError::from)
        })
        .await
    };
    let foreign = run(bob, "INSERT INTO feed_hours VALUES ($1, now(), 1, 1)").await.expect_err("refused");
    assert!(format!("{foreign:?}").contains("row-level security"), "{foreign:?}");
    let moved = run(bob, "UPDATE feed_heads SET position = 99 WHERE tenant_id = $1").await.expect("sees no row");
    assert_eq!(moved, 0);
    for sql in ["UPDATE events SET type = 'X' WHERE tenant_id = $1", "DELETE FROM events WHERE tenant_id = $1"] {
        let refused = run(ann, sql).await.expect_err("the log is only added to");
        assert!(format!("{refused:?}").contains("permission denied"), "{refused:?}");
    }
    app.finish().await;
}
