//! Rules changed by many at once.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

use crate::support::{Tenant, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn racing_changes_of_one_rule_leave_no_gap() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    let mut racing: FuturesUnordered<_> = (1..=12)
        .map(|priority| tenant.admin.patch(&path, json!({"priority": 1000 + priority})))
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    let mut versions = Vec::new();
    while let Some(answer) = racing.next().await {
        assert_eq!(answer.status, 200, "{answer:?}");
        versions.push(answer.body["version"].as_i64().expect("a version"));
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=13).collect::<Vec<_>>());
    let kept = tenant.admin.get(&format!("{path}/versions")).await;
    let kept: Vec<&Value> = kept.body.as_array().expect("a list").iter().map(|version| &version["version"]).collect();
    assert_eq!(kept, (1..=13).rev().map(Value::from).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    assert_eq!(app.count("rule_sets").await, 13);
    assert_eq!(app.count("rule_set_heads WHERE version = 13").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_changes_to_one_version_one_wins() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    let change = async |priority: i32| {
        tenant.admin.send("PATCH", &path, &[("if-match", "\"1\"")], Some(json!({"priority": priority}))).await.status
    };
    let (a, b, c, d) = tokio::join!(change(1), change(2), change(3), change(4));
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_changes_of_many_rules_and_labels_leave_no_gap_between_rule_sets() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let label = tenant.label("renamed").await;
    tenant.rule("Uses it", "true", "renamed").await;
    let create = async |number: usize| {
        let body = json!({"name": format!("r{number}"), "condition": "true", "label": "refund"});
        let made = tenant.admin.post("/api/v1/rules", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("/api/v1/rules/{}", text(&made.body["id"]));
        let moved = tenant
            .admin
            .patch(&path, json!({"label": if number.is_multiple_of(2) { "refund" } else { "renamed again" }}))
            .await;
        assert!([200, 422].contains(&moved.status), "{moved:?}");
        assert_eq!(tenant.admin.delete(&path).await.status, 200);
    };
    let rename = async {
        let answer = tenant.admin.patch(&format!("/api/v1/labels/{label}"), json!({"name": "renamed again"})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    tokio::join!(create(0), create(1), create(2), create(3), create(4), create(5), rename);
    let sets = app.count("rule_sets").await;
    assert!(sets >= 14, "{sets}");
    assert_eq!(
        app.count(&format!("rule_set_heads WHERE version = {sets}")).await,
        1,
        "versions run from 1 without a gap"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_rules_of_one_name_one_is_made() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let create = async || {
        tenant
            .admin
            .post("/api/v1/rules", json!({"name": "Refunds", "condition": "true", "label": "refund"}))
            .await
            .status
    };
    let (a, b, c, d) = tokio::join!(create(), create(), create(), create());
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(app.count("rule_set_heads WHERE version = 1").await, 1, "a refused rule leaves no rule set");
    app.finish().await;
}
