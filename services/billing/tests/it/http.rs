//! Every route: what it does, what it refuses, and for whom.

use common::{Role, TenantId, UserId};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{created, ingested, settle, start, status};

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_listed_with_prices_as_decimals() {
    let app = start().await;
    let answer = app.caller(TenantId::generate(), Role::Analyst).get("/api/v1/billing/plans").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.next_cursor(), None);
    assert_json_snapshot!(answer.body);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_shows_plan_period_entitlements_and_usage() {
    let app = start().await;
    let tenant = TenantId::generate();
    app.publish(&[created(tenant, UserId::generate())]).await;
    app.publish(&ingested(tenant, 3)).await;
    settle(&app).await;
    let status = status(&app, tenant).await;
    let end = status["currentPeriodEnd"].as_str().expect("a time");
    assert!(end.ends_with("-01T00:00:00Z"), "the end of a calendar month: {end}");
    assert_json_snapshot!(status, {
        ".currentPeriodEnd" => "[time]", ".usage.periodStart" => "[time]", ".usage.periodEnd" => "[time]",
        ".usage.recordsForecast" => "[number]", ".lastEventAt" => "[time]", ".statusSince" => "[time]",
    });
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_lists_changes_and_keeps_to_its_tenant() {
    let app = start().await;
    let (tenant, other) = (TenantId::generate(), TenantId::generate());
    app.publish(&[created(tenant, UserId::generate()), created(other, UserId::generate())]).await;
    settle(&app).await;
    let log = app.caller(tenant, Role::Analyst).get("/api/v1/billing/events?limit=1").await;
    assert_eq!(log.status, 200, "{log:?}");
    let entries = log.body.as_array().expect("a list");
    assert_eq!(entries.len(), 1);
    assert_eq!(log.next_cursor(), None);
    assert_eq!((&entries[0]["type"], &entries[0]["plan"]), (&json!("SUBSCRIPTION_UPDATED"), &json!("free")));
    let told = app.events_of("SUBSCRIPTION_UPDATED").await;
    let told = told.iter().find(|event| event.tenant_id == tenant).expect("told");
    assert_eq!(entries[0]["id"], json!(told.id), "the same id as in the feed");
    let stranger = app.caller(TenantId::generate(), Role::Owner).get("/api/v1/billing/events").await;
    assert_eq!((stranger.status, &stranger.body), (200, &json!([])));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_pages_from_the_newest() {
    let app = start().await;
    let tenant = TenantId::generate();
    for minutes in 0..5 {
        app.owner_sql(&format!(
            "INSERT INTO billing_events (id, tenant_id, type, plan, status, at) VALUES (gen_random_uuid(), '{tenant}', \
             'SUBSCRIPTION_UPDATED', 'plan-{minutes}', 'active', now() - interval '{} minutes')",
            minutes / 2
        ))
        .await;
    }
    let owner = app.caller(tenant, Role::Owner);
    let (mut plans, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("/api/v1/billing/events?limit=2{cursor}")).await;
        plans.extend(page.body.as_array().expect("a list").iter().map(|entry| entry["plan"].clone()));
        match page.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(plans.len(), 5);
    assert_eq!(plans.last(), Some(&json!("plan-4")));
    let mut distinct: Vec<_> = plans.iter().map(Value::to_string).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 5);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_to_a_provider_need_a_provider() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let wish = json!({"planId": "free", "successUrl": "https://example.com/ok", "cancelUrl": "https://example.com/no"});
    let session = owner.post("/api/v1/billing/session", wish.clone()).await;
    assert_eq!((session.status, &session.body["code"]), (409, &json!("billing_not_configured")));
    let keyed = [("idempotency-key", "k")];
    for _ in 0..2 {
        let again = owner.send("POST", "/api/v1/billing/session", &keyed, Some(wish.clone())).await;
        assert_eq!(again.body["code"], "billing_not_configured", "a refusal is not kept");
    }
    let portal = owner.get("/api/v1/billing/portal?returnUrl=https%3A%2F%2Fexample.com%2F").await;
    assert_eq!((portal.status, &portal.body["code"]), (409, &json!("billing_not_configured")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_as_documented() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let good = json!({"planId": "free", "successUrl": "https://example.com/ok", "cancelUrl": "https://example.com/no"});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    let bodies = [
        ("{".to_owned(), 400),
        (String::new(), 400),
        ("[]".to_owned(), 422),
        ("{}".to_owned(), 422),
        (with("planId", json!("gold")), 422),
        (with("planId", json!("")), 422),
        (with("planId", json!(7)), 422),
        (with("planId", json!("a\0b")), 422),
        (with("planId", json!("x".repeat(101))), 422),
        (with("successUrl", json!("javascript:alert(1)")), 422),
        (with("cancelUrl", json!("/back")), 422),
        (with("cancelUrl", json!(null)), 422),
        (with("coupon", json!("SAVE")), 422),
    ];
    for (body, status) in bodies {
        let json_type = [("content-type", "application/json")];
        let answer = owner.send_raw("POST", "/api/v1/billing/session", &json_type, body.clone().into_bytes()).await;
        assert_eq!(answer.status, status, "{body:.80}: {answer:?}");
    }
    let queries = [
        "portal",
        "portal?returnUrl=",
        "portal?returnUrl=%2Fback",
        "portal?returnUrl=https%3A%2F%2Fa.example%2F&x=1",
        "portal?returnUrl=%00",
        "events?limit=0",
        "events?limit=201",
        "events?cursor=x",
        "events?cursor=WzEsMl0",
        "events?colour=red",
    ];
    for query in queries {
        let answer = owner.get(&format!("/api/v1/billing/{query}")).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid_request")), "{query}");
    }
    for (method, path) in
        [("POST", "plans"), ("DELETE", "status"), ("PUT", "events"), ("GET", "session"), ("POST", "portal")]
    {
        let answer = owner.send(method, &format!("/api/v1/billing/{path}"), &[], None).await;
        assert_eq!((answer.status, &answer.body["code"]), (405, &json!("method_not_allowed")), "{method} {path}");
    }
    assert_eq!(app.count("idempotency_keys").await + app.count("outbox").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_identity_nothing_is_answered() {
    let app = start().await;
    let nobody = app.anonymous();
    for (method, path) in
        [("GET", "plans"), ("GET", "status"), ("GET", "events"), ("POST", "session"), ("GET", "portal?returnUrl=x")]
    {
        let answer = nobody.send(method, &format!("/api/v1/billing/{path}"), &[], None).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthenticated")), "{method} {path}");
    }
    app.finish().await;
}
