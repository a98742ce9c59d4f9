//! Two tenants: neither sees, counts or changes what is the other's.

use common::TenantId;
use db::DbError;
use serde_json::json;
use test_support::TestApp;

use crate::support::{Tenant, ingested, snapshot, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn no_route_reaches_into_another_tenant() {
    let app = start().await;
    let (ours, theirs) = (Tenant::new(&app), Tenant::new(&app));
    let label = ours.label("refund").await;
    let rule = text(&ours.rule("Refunds", "true", "refund").await["id"]);
    let list = ours.admin.post("/api/v1/value-lists", json!({"name": "travel", "values": ["x"]})).await;
    let list = text(&list.body["id"]);
    let record = snapshot("x");
    app.publish(&[ingested(ours.id, &record)]).await;
    ours.outcomes(record.record_id, 1).await;

    let run = ours.admin.post("/api/v1/processing/run", json!({"scope": {}, "dryRun": true})).await;
    let run = text(&run.body["id"]);
    let record = record.record_id;
    let hidden = [
        ("GET", format!("/api/v1/labels/{label}"), None),
        ("PATCH", format!("/api/v1/labels/{label}"), Some(json!({"name": "x"}))),
        ("DELETE", format!("/api/v1/labels/{label}"), None),
        ("GET", format!("/api/v1/rules/{rule}"), None),
        ("PATCH", format!("/api/v1/rules/{rule}"), Some(json!({"name": "x"}))),
        ("DELETE", format!("/api/v1/rules/{rule}"), None),
        ("POST", format!("/api/v1/rules/{rule}/enable"), None),
        ("POST", format!("/api/v1/rules/{rule}/disable"), None),
        ("POST", format!("/api/v1/rules/{rule}/promote"), None),
        ("GET", format!("/api/v1/rules/{rule}/stats"), None),
        ("GET", format!("/api/v1/rules/{rule}/versions"), None),
        ("POST", format!("/api/v1/rules/{rule}/restore"), Some(json!({"version": 1}))),
        ("GET", format!("/api/v1/value-lists/{list}"), None),
        ("PATCH", format!("/api/v1/value-lists/{list}"), Some(json!({"add": ["x"]}))),
        ("DELETE", format!("/api/v1/value-lists/{list}"), None),
        ("GET", format!("/api/v1/processing/outcomes/{record}"), None),
        ("POST", "/api/v1/processing/explain".into(), Some(json!({"recordId": record}))),
        ("POST", "/api/v1/processing/run".into(), Some(json!({"dryRunId": run}))),
        ("GET", format!("/api/v1/processing/runs/{run}"), None),
        ("GET", format!("/api/v1/processing/runs/{run}/outcomes"), None),
        ("POST", format!("/api/v1/processing/runs/{run}/cancel"), None),
        ("POST", "/api/v1/rules/test".into(), Some(json!({"condition": "true", "recordId": record}))),
        ("POST", "/api/v1/rules/preview".into(), Some(json!({"condition": "true", "label": "theirs", "ruleId": rule}))),
    ];
    theirs.label("theirs").await;
    for (method, path, body) in hidden {
        let answer = theirs.admin.send(method, &path, &[], body).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{method} {path}: {answer:?}");
    }
    let preview = theirs.admin.post("/api/v1/rules/preview", json!({"condition": "true", "label": "theirs"})).await;
    assert_eq!((preview.status, &preview.body["evaluated"]), (200, &json!(0)), "{preview:?}");
    for path in ["/api/v1/value-lists", "/api/v1/rules", "/api/v1/rules?q=Refunds", "/api/v1/rules?label=refund"] {
        assert_eq!(theirs.admin.get(path).await.body, json!([]), "{path}");
    }
    let made = theirs.admin.post("/api/v1/rules", json!({"name": "r", "condition": "true", "label": "refund"})).await;
    assert_eq!((made.status, &made.body["code"]), (422, &json!("unknown_label")), "labels are the tenant's own");
    let settings = "/api/v1/processing/settings";
    assert_eq!(ours.admin.patch(settings, json!({"autoAcceptThreshold": 0.5})).await.status, 200);
    assert_eq!(theirs.admin.get(settings).await.body["autoAcceptThreshold"], 0.9);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_rules_decide_only_its_own_records_in_a_mixed_batch() {
    let app = start().await;
    let (ours, theirs) = (Tenant::with_labels(&app, &["ours"]).await, Tenant::with_labels(&app, &["theirs"]).await);
    ours.rule("All", "true", "ours").await;
    theirs.rule("All", "true", "theirs").await;
    let (one, two, three) = (snapshot("1"), snapshot("2"), snapshot("3"));
    let nobody = Tenant::new(&app);
    app.publish(&[ingested(ours.id, &one), ingested(theirs.id, &two), ingested(nobody.id, &three)]).await;
    assert_eq!(ours.current(one.record_id).await["label"], "ours");
    assert_eq!(theirs.current(two.record_id).await["label"], "theirs");
    assert_eq!(nobody.current(three.record_id).await["status"], "pending_review");
    app.finish().await;
}

async fn visible(app: &TestApp, tenants: &[TenantId], table: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
    let count: Result<Count, DbError> = app
        .db()
        .tenants(tenants, async |connection| Ok(diesel_async::RunQueryDsl::get_result(query, connection).await?))
        .await;
    count.expect("the count runs").count
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_hides_other_tenants_rows() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    tenant.rule("Refunds", "true", "refund").await;
    tenant.admin.post("/api/v1/value-lists", json!({"name": "travel", "values": ["x"]})).await;
    tenant.rule_with(json!({"name": "Trial", "condition": "true", "label": "refund", "status": "shadow"})).await;
    tenant.admin.patch("/api/v1/processing/settings", json!({"auditSampleRate": 0.5})).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    tenant.admin.post("/api/v1/processing/run", json!({"scope": {}, "dryRun": true})).await;
    let id = tenant.id;
    app.owner_sql(&format!(
        "INSERT INTO entitlements VALUES ('{id}', 'free', 'full', 10, 'UTC', 1); \
         INSERT INTO model_usage (tenant_id, month) VALUES ('{id}', '2026-01-01'); \
         INSERT INTO model_reservations VALUES (gen_random_uuid(), '{id}', '2026-01-01', 1, 1, now()); \
         INSERT INTO model_answers VALUES ('{id}', '\\x00', '{{}}', 'infinity')"
    ))
    .await;
    let tables = [
        "labels",
        "rules",
        "rule_versions",
        "rule_set_heads",
        "rule_sets",
        "processing_settings",
        "records",
        "decisions",
        "shadow_matches",
        "value_lists",
        "value_list_versions",
        "entitlements",
        "model_usage",
        "model_reservations",
        "model_answers",
        "runs",
        "run_items",
    ];
    for table in tables {
        assert!(visible(&app, &[tenant.id], table).await > 0, "{table}");
        assert_eq!(visible(&app, &[TenantId::generate()], table).await, 0, "{table}");
        assert_eq!(visible(&app, &[], table).await, 0, "{table} without a tenant");
    }
    let stolen: Result<usize, DbError> = app
        .db()
        .tenant(TenantId::generate(), async |connection| {
            let steal = diesel::sql_query("UPDATE rules SET name = 'stolen'");
            Ok(diesel_async::RunQueryDsl::execute(steal, connection).await?)
        })
        .await;
    assert_eq!(stolen.expect("it runs"), 0);
    app.finish().await;
}
