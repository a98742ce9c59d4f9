//! TENANT_CREATED: a subscription to the free plan, begun and told once.

use common::event::SubscriptionUpdated;
use common::{TenantId, UserId};

use crate::support::{created, ingested, settle, start, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tenant_is_on_the_free_plan_and_it_is_told_once() {
    let app = start().await;
    let (tenant, owner) = (TenantId::generate(), UserId::generate());
    let event = created(tenant, owner);
    app.publish(&vec![event.clone(); 5]).await;
    app.publish(std::slice::from_ref(&event)).await;
    settle(&app).await;

    let told = app.wait_for_event("SUBSCRIPTION_UPDATED").await;
    assert_eq!((told.tenant_id, told.source_agent.as_str()), (tenant, "billing"));
    assert_eq!(told.trace_id, event.trace_id, "the trace of its cause");
    let data: SubscriptionUpdated = told.decode().expect("its shape");
    assert_eq!((data.tenant_id, data.plan.as_str(), data.status.as_str()), (tenant, "free", "active"));
    assert_eq!(status(&app, tenant).await["lastEventAt"], serde_json::json!(event.occurred_at));
    assert_eq!(app.count("subscriptions").await, 1);
    assert_eq!(app.count("billing_events").await, 1);
    assert_eq!(app.events_of("SUBSCRIPTION_UPDATED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_may_come_before_its_tenant() {
    let app = start().await;
    let tenant = TenantId::generate();
    app.publish(&ingested(tenant, 4)).await;
    settle(&app).await;
    let early = status(&app, tenant).await;
    assert_eq!((&early["plan"], &early["status"]), (&"free".into(), &"active".into()));
    assert_eq!(early["usage"]["records"], 4);
    assert!(early["lastEventAt"].is_null());

    app.publish(&[created(tenant, UserId::generate())]).await;
    settle(&app).await;
    let known = status(&app, tenant).await;
    assert_eq!(known["usage"]["records"], 4);
    assert!(known["lastEventAt"].is_string());
    app.finish().await;
}
