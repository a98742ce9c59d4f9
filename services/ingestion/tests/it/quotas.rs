//! What a plan allows, enforced where records come in and sources are connected.

use common::event::{Access, Allowance, Cause, EntitlementsUpdated, Event};
use common::trace::TraceContext;
use common::{Actor, Clock as _, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::sender::{connect, connect_as};
use crate::{all_at_once, start};

const PATH: &str = "/api/v1/records";

fn allowed(tenant: TenantId, version: i32, access: Access, allowance: Allowance) -> Event {
    let cause = Cause {
        tenant_id: tenant,
        actor: Actor::service("billing"),
        trace: TraceContext::random(),
        at: SystemClock.now(),
    };
    let data = EntitlementsUpdated {
        tenant_id: tenant,
        plan: "team".into(),
        status: if access == Access::Full { "active" } else { "past_due" }.into(),
        access,
        reason: (access == Access::ReadOnly).then(|| "read-only since then: payment failed".into()),
        grace_ends_at: None,
        allowance,
        timezone: "Europe/Berlin".into(),
        version,
    };
    Event::new(&cause, "billing", &data)
}

async fn tell(app: &TestApp, tenant: TenantId, version: i32, access: Access, allowance: Allowance) {
    app.publish(&[allowed(tenant, version, access, allowance)]).await;
    let known = format!("entitlements WHERE tenant_id = '{tenant}' AND version >= {version}");
    wait_until("it is known", async || (app.count(&known).await == 1).then_some(())).await;
}

fn records(hard: u64) -> Allowance {
    Allowance { records_soft: Some(hard), records_hard: Some(hard), ..Allowance::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_hard_limit_callers_are_told_why_and_until_when() {
    let app = start().await;
    let tenant = TenantId::generate();
    tell(&app, tenant, 1, Access::Full, records(5)).await;
    let agent = app.caller(tenant, Role::Agent);
    for n in 0..3 {
        let answer = agent.post(PATH, json!({"externalId": n.to_string(), "raw": "text"})).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    let batch = |from: usize, to: usize| {
        Value::Array((from..to).map(|n| json!({"externalId": format!("b{n}"), "raw": "x"})).collect())
    };
    let whole = agent.post("/api/v1/records/batch", batch(0, 3)).await;
    assert_eq!((whole.status, &whole.body["code"]), (402, &json!("quota_exceeded")), "{whole:?}");
    assert_eq!(app.count("records").await, 3, "a batch is taken in whole or not at all");
    assert_eq!(agent.post("/api/v1/records/batch", batch(0, 2)).await.status, 202);
    let keyed = [("idempotency-key", "late")];
    let refused = agent.send("POST", PATH, &keyed, Some(json!({"raw": "one more"}))).await;
    assert_eq!((refused.status, &refused.body["code"]), (402, &json!("quota_exceeded")));
    let context = &refused.body["context"];
    assert_eq!((&context["limit"], &context["used"], &context["plan"]), (&json!(5), &json!(5), &json!("team")));
    assert!(context["resetsAt"].as_str().is_some_and(|at| at.contains('T')), "{refused:?}");
    assert!(refused.body["message"].as_str().is_some_and(|text| text.contains("/billing/")), "{refused:?}");
    let stranger = app.caller(TenantId::generate(), Role::Agent).post(PATH, json!({"raw": "x"})).await;
    assert_eq!(stranger.status, 202, "of whom nothing was told, nothing is refused");

    tell(&app, tenant, 2, Access::Full, records(6)).await;
    wait_until("the larger plan counts", async || {
        (agent.send("POST", PATH, &keyed, Some(json!({"raw": "one more"}))).await.status == 202).then_some(())
    })
    .await;
    let again = agent.send("POST", PATH, &keyed, Some(json!({"raw": "one more"}))).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")), "a replay takes no room");
    tell(&app, tenant, 3, Access::Full, Allowance::default()).await;
    app.publish(&[allowed(tenant, 2, Access::Full, records(1))]).await;
    wait_until("without a limit all is taken", async || {
        (agent.post(PATH, json!({"raw": "more"})).await.status == 202).then_some(())
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repetitions_take_no_room_and_every_way_in_is_counted_once() {
    let app = start().await;
    let tenant = TenantId::generate();
    tell(&app, tenant, 1, Access::Full, records(4)).await;
    let agent = app.caller(tenant, Role::Agent);
    for _ in 0..9 {
        let answer = agent.post(PATH, json!({"externalId": "same", "raw": "text"})).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    let source = connect(&app, tenant, "generic").await;
    for _ in 0..2 {
        assert!(matches!(source.send("d-1", &json!({"text": "delivered"})).await.status, 200 | 202));
    }
    let many = all_at_once((0..12).map(|n| agent.post(PATH, json!({"externalId": format!("m{n}"), "raw": "x"})))).await;
    let taken = many.iter().filter(|answer| answer.status == 202).count();
    assert!((2..=2).contains(&taken), "{taken} of 12 had room");
    let sum = "record_quota WHERE tenant_id IS NOT NULL GROUP BY tenant_id HAVING sum(records) = 4";
    assert_eq!(app.count(&format!("(SELECT tenant_id FROM {sum}) counted")).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_held_rather_than_lost_and_let_go_when_there_is_room() {
    let app = start().await;
    let tenant = TenantId::generate();
    let source = connect(&app, tenant, "generic").await;
    tell(&app, tenant, 1, Access::Full, records(2)).await;
    for n in 0..5 {
        let answer = source.send(&format!("d-{n}"), &json!({"id": n, "text": format!("text {n}")})).await;
        assert_eq!(answer.status, 202, "the source is not refused: {answer:?}");
    }
    assert_eq!(app.count("records WHERE status = 'held'").await, 3);
    wait_until("two are told", async || (app.events_of("INGESTED").await.len() == 2).then_some(())).await;

    tell(&app, tenant, 2, Access::Full, records(4)).await;
    wait_until("as many are let go as there is room for", async || {
        (app.count("records WHERE status = 'held'").await == 1).then_some(())
    })
    .await;
    tell(&app, tenant, 3, Access::Full, Allowance::default()).await;
    let told =
        wait_until("all are told", async || Some(app.events_of("INGESTED").await).filter(|told| told.len() == 5)).await;
    assert_eq!(app.count("deliveries WHERE outcome = 'held'").await, 0);
    let texts: Vec<String> = told
        .iter()
        .map(|event| serde_json::from_str::<Value>(event.data.get()).expect("JSON")["normalized"]["text"].to_string())
        .collect();
    assert_eq!(texts, (0..5).map(|n| format!("\"text {n}\"")).collect::<Vec<_>>(), "in the order they came");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_only_read_is_told_why_and_holds_until_it_is_over() {
    let app = start().await;
    let tenant = TenantId::generate();
    let source = connect(&app, tenant, "generic").await;
    tell(&app, tenant, 1, Access::ReadOnly, records(100)).await;
    let agent = app.caller(tenant, Role::Agent);
    let refused = agent.post(PATH, json!({"raw": "text"})).await;
    assert_eq!((refused.status, &refused.body["code"]), (402, &json!("quota_exceeded")));
    assert_eq!(refused.body["context"]["reason"], "read-only since then: payment failed");
    assert_eq!(refused.body["context"]["resetsAt"], json!(null), "no date: it takes a payment");
    assert_eq!(source.send("d-1", &json!({"text": "held"})).await.status, 202);
    assert_eq!(app.count("records WHERE status = 'held'").await, 1);
    assert_eq!(agent.get(PATH).await.status, 200, "reading goes on");
    tell(&app, tenant, 2, Access::Full, records(100)).await;
    wait_until("it is let go", async || (app.events_of("INGESTED").await.len() == 1).then_some(())).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_sources_are_connected_than_the_plan_has() {
    let app = start().await;
    let tenant = TenantId::generate();
    let allowance = Allowance { integrations: Some(2), ..Allowance::default() };
    tell(&app, tenant, 1, Access::Full, allowance).await;
    let admin = app.caller(tenant, Role::Admin);
    connect_as(&app, tenant, "generic", "first").await;
    let wish = |name: String| json!({"provider": "generic", "name": name});
    let many = all_at_once((0..4).map(|n| admin.post("/api/v1/integrations", wish(format!("more {n}"))))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 201).count(), 1, "{many:?}");
    let refused = many.iter().find(|answer| answer.status != 201).expect("three were refused");
    assert_eq!((refused.status, &refused.body["code"]), (402, &json!("quota_exceeded")));
    assert_eq!(
        (&refused.body["context"]["entitlement"], &refused.body["context"]["limit"]),
        (&json!("integrations"), &json!(2))
    );
    let first = admin.get("/api/v1/integrations").await.body[0]["id"].as_str().expect("an id").to_owned();
    assert!(matches!(admin.delete(&format!("/api/v1/integrations/{first}")).await.status, 200 | 204));
    assert_eq!(admin.post("/api/v1/integrations", wish("in its place".into())).await.status, 201);
    app.finish().await;
}
