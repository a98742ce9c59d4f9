//! Plans, as billing tells them.

use chrono::Duration;
use common::event::{Access, Allowance, Cause, EntitlementsUpdated, Event, SubscriptionUpdated};
use common::trace::TraceContext;
use common::{Actor, Clock as _, DateTime, SystemClock, TenantId};
use test_support::wait_until;

use crate::support::{sign_up, start};

fn plan(tenant: TenantId, plan: &str, at: DateTime) -> Event {
    let cause = Cause { tenant_id: tenant, actor: Actor::service("billing"), trace: TraceContext::random(), at };
    let data = SubscriptionUpdated { tenant_id: tenant, plan: plan.into(), status: "active".into() };
    Event::new(&cause, "billing", &data)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_plan_counts_whatever_comes_late_or_twice() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = sign_up(&app, "bob").await;
    let (own, other) = (ann.tenant.parse().expect("an id"), bob.tenant.parse().expect("an id"));
    let now = SystemClock.now();
    let second = |n| now + Duration::seconds(n);
    let latest = plan(own, "scale", second(3));
    app.publish(&[latest.clone(), plan(own, "team", second(2)), latest.clone()]).await;
    app.publish(&[plan(own, "free", second(1)), latest, plan(other, "team", second(1))]).await;
    app.publish(&[plan(TenantId::generate(), "team", now)]).await;
    wait_until("both plans are set", async || {
        let set = app.count("tenants WHERE plan_set_at IS NOT NULL").await;
        (set == 2).then_some(())
    })
    .await;
    // A last event whose effect shows that all before it were handled.
    app.publish(&[plan(other, "gold", second(9))]).await;
    wait_until("the last event is handled", async || {
        let plan = bob.get("/api/v1/tenants/current").await.body["data"]["plan"].clone();
        (plan == "gold").then_some(())
    })
    .await;
    assert_eq!(ann.get("/api/v1/tenants/current").await.body["data"]["plan"], "scale");
    app.finish().await;
}

fn seats(tenant: TenantId, version: i32, seats: Option<u64>) -> Event {
    let cause = Cause {
        tenant_id: tenant,
        actor: Actor::service("billing"),
        trace: TraceContext::random(),
        at: SystemClock.now(),
    };
    let data = EntitlementsUpdated {
        tenant_id: tenant,
        plan: "team".into(),
        status: "active".into(),
        access: Access::Full,
        reason: None,
        grace_ends_at: None,
        allowance: Allowance { seats, ..Allowance::default() },
        timezone: "UTC".into(),
        version,
    };
    Event::new(&cause, "billing", &data)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_people_are_invited_than_the_plan_has_seats() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let tenant: TenantId = ann.tenant.parse().expect("an id");
    let known = |version: i32| format!("tenant_entitlements WHERE tenant_id = '{tenant}' AND version = {version}");
    app.publish(&[seats(tenant, 2, Some(3)), seats(tenant, 1, Some(1))]).await;
    wait_until("the seats are known", async || (app.count(&known(2)).await == 1).then_some(())).await;
    let invite = async |name: &str| {
        let body = serde_json::json!({"email": format!("{name}@example.com"), "role": "analyst"});
        ann.post("/api/v1/tenants/current/invites", body).await
    };
    assert_eq!((invite("bob").await.status, invite("cid").await.status), (201, 201));
    let refused = invite("dan").await;
    let error = &refused.body["error"];
    assert_eq!((refused.status, error["code"].as_str()), (402, Some("quota_exceeded")), "{refused:?}");
    assert_eq!((error["context"]["limit"].as_i64(), error["context"]["used"].as_i64()), (Some(3), Some(3)));
    assert_eq!(invite("bob").await.status, 200, "an open invite is sent again: it has its seat");
    app.publish(&[seats(tenant, 3, None)]).await;
    wait_until("the larger plan is known", async || (app.count(&known(3)).await == 1).then_some(())).await;
    assert_eq!(invite("dan").await.status, 201);
    app.finish().await;
}
