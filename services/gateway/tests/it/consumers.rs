//! Plans, as billing tells them.

use chrono::Duration;
use common::event::{Cause, Event, SubscriptionUpdated};
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
