//! A subscription's life, each step clicked through at the double and seen here.

use common::event::{Access, EntitlementsUpdated, SubscriptionUpdated};
use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::wait_until;

use super::support::{Paid, deleted};
use crate::support::status;

const DAY: i64 = 86_400;

async fn days(paid: &Paid, days: i64) {
    paid.act("advance", &[("seconds", &(days * DAY).to_string())]).await;
}

/// What was last told of what the tenant may do.
async fn told(paid: &Paid, tenant: TenantId) -> EntitlementsUpdated {
    let all = paid.app.events_of("ENTITLEMENTS_UPDATED").await;
    let own = all.iter().filter(|event| event.tenant_id == tenant);
    own.map(|event| event.decode::<EntitlementsUpdated>().expect("its shape"))
        .max_by_key(|data| data.version)
        .expect("something was told")
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_gives_the_plan_tells_it_and_logs_what_changed() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    let now = paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;
    assert_eq!((&now["provider"], &now["access"]), (&json!("stripe"), &json!("full")));
    assert_eq!(now["entitlements"]["seats"], 250);
    assert_eq!(now["explanations"][1]["source"], "plan business by stripe, active");
    paid.drained().await;

    wait_until("the plan is told", async || (told(&paid, tenant).await.plan == "business").then_some(())).await;
    let last = told(&paid, tenant).await;
    assert_eq!((last.access, last.allowance.seats, last.allowance.records_hard), (Access::Full, Some(250), None));
    let plans: Vec<SubscriptionUpdated> = paid
        .app
        .events_of("SUBSCRIPTION_UPDATED")
        .await
        .iter()
        .map(|event| event.decode().expect("its shape"))
        .collect();
    assert!(plans.iter().any(|data| data.plan == "business" && data.status == "active"), "{plans:?}");
    let log = paid.log(tenant).await;
    let applied = log.iter().find(|entry| entry["plan"] == "business" && entry["outcome"] == "applied");
    let applied = applied.expect("the change is in the log");
    assert!(applied["providerEventId"].as_str().is_some_and(|id| id.starts_with("evt_")), "{applied}");
    let changed = applied["changes"].as_array().expect("a list").iter().find(|change| change["field"] == "plan");
    assert!(changed.is_some(), "{applied}");
    assert!(log.iter().any(|entry| entry["providerEventType"] == "checkout.session.completed"), "each one is logged");
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_is_given_once_told_to_end_and_then_paid() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "team", "4242").await;
    let trial = paid.until(tenant, &[("plan", json!("team")), ("status", json!("trialing"))]).await;
    assert!(trial["trialEnd"].is_string() && trial["reason"].as_str().is_some_and(|text| text.contains("on trial")));
    days(&paid, 12).await;
    paid.drained().await;
    let log = paid.log(tenant).await;
    assert!(log.iter().any(|entry| entry["providerEventType"] == "customer.subscription.trial_will_end"));
    days(&paid, 3).await;
    paid.until(tenant, &[("plan", json!("team")), ("status", json!("active"))]).await;

    paid.portal(tenant, &[("act", "cancel-now"), ("subscription", &paid.subscription())]).await;
    paid.until(tenant, &[("status", json!("canceled"))]).await;
    paid.subscribe(tenant, "team", "4242").await;
    paid.until(tenant, &[("plan", json!("team")), ("status", json!("active"))]).await;
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_at_once_and_a_downgrade_at_the_period_s_end() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "team", "4242").await;
    days(&paid, 15).await;
    paid.until(tenant, &[("plan", json!("team")), ("status", json!("active"))]).await;
    let (business, team) = (paid.price("verdict_business_monthly").await, paid.price("verdict_team_monthly").await);
    let subscription = paid.subscription();
    paid.portal(tenant, &[("act", "switch"), ("subscription", &subscription), ("price", &business)]).await;
    paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;

    paid.portal(tenant, &[("act", "later"), ("subscription", &subscription), ("price", &team)]).await;
    let waiting = paid.until(tenant, &[("scheduledPlan", json!("team")), ("plan", json!("business"))]).await;
    assert_eq!(waiting["scheduledAt"], waiting["currentPeriodEnd"]);
    days(&paid, 31).await;
    let done = paid.until(tenant, &[("plan", json!("team")), ("scheduledPlan", Value::Null)]).await;
    assert_eq!(done["status"], "active");
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_can_be_taken_back_until_the_period_ends() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    let subscription = paid.subscription();
    paid.portal(tenant, &[("act", "cancel"), ("subscription", &subscription)]).await;
    let ending = paid.until(tenant, &[("cancelAtPeriodEnd", json!(true))]).await;
    assert_eq!((&ending["plan"], &ending["status"]), (&json!("business"), &json!("active")));
    assert!(ending["reason"].as_str().is_some_and(|text| text.starts_with("ends on")), "{ending}");
    paid.portal(tenant, &[("act", "keep"), ("subscription", &subscription)]).await;
    paid.until(tenant, &[("cancelAtPeriodEnd", json!(false)), ("reason", Value::Null)]).await;
    paid.portal(tenant, &[("act", "cancel"), ("subscription", &subscription)]).await;
    paid.until(tenant, &[("cancelAtPeriodEnd", json!(true))]).await;
    days(&paid, 32).await;
    let over = paid.until(tenant, &[("status", json!("canceled")), ("plan", json!("free"))]).await;
    assert_eq!((&over["cancelAtPeriodEnd"], &over["access"]), (&json!(false), &json!("full")));
    assert_eq!(over["entitlements"]["seats"], 5);
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_is_borne_with_for_its_grace_and_can_be_recovered_from() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "0341").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    days(&paid, 32).await;
    let late = paid.until(tenant, &[("status", json!("past_due"))]).await;
    assert_eq!((&late["plan"], &late["access"]), (&json!("business"), &json!("full")), "everything works on");
    assert!(late["graceEndsAt"].is_string() && late["reason"].as_str().is_some_and(|text| text.contains("the grace")));

    paid.drained().await;
    paid.app
        .owner_sql(&format!(
            "UPDATE subscriptions SET status_since = now() - interval '15 days', \
             grace_ends_at = now() - interval '1 day' WHERE tenant_id = '{tenant}'"
        ))
        .await;
    let over = paid.until(tenant, &[("access", json!("read_only"))]).await;
    assert!(over["reason"].as_str().is_some_and(|text| text.starts_with("read-only since")), "{over}");
    assert_eq!(over["explanations"][0]["state"], "read_only");
    wait_until("it is told", async || (told(&paid, tenant).await.access == Access::ReadOnly).then_some(())).await;

    paid.portal(tenant, &[("act", "card"), ("card", "4242")]).await;
    let recovered = paid.until(tenant, &[("status", json!("active")), ("access", json!("full"))]).await;
    assert_eq!((&recovered["graceEndsAt"], &recovered["reason"]), (&Value::Null, &Value::Null));
    wait_until("it is told", async || (told(&paid, tenant).await.access == Access::Full).then_some(())).await;
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_given_up_ends_in_the_free_plan() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "0341").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    days(&paid, 45).await;
    let over = paid.until(tenant, &[("status", json!("canceled")), ("plan", json!("free"))]).await;
    assert!(over["reason"].as_str().is_some_and(|text| text.contains("the free plan serves")), "{over}");
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_takes_its_time_is_awaited() {
    let paid = Paid::start().await;
    for (outcome, ends) in [("succeeded", ("active", "business")), ("failed", ("incomplete", "free"))] {
        let tenant = paid.tenant().await;
        paid.subscribe(tenant, "business", "debit").await;
        let waiting = paid.until(tenant, &[("status", json!("incomplete"))]).await;
        assert_eq!((&waiting["plan"], &waiting["access"]), (&json!("free"), &json!("full")));
        let session = paid.double.newest("checkout.session").expect("made")["id"].clone();
        paid.act("settle", &[("session", session.as_str().expect("an id")), ("outcome", outcome)]).await;
        paid.drained().await;
        paid.until(tenant, &[("status", json!(ends.0)), ("plan", json!(ends.1))]).await;
    }
    days(&paid, 2).await;
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_begins_nothing() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    assert_eq!(paid.subscribe(tenant, "team", "0002").await, "", "the page stays");
    assert!(paid.double.newest("subscription").is_none());
    days(&paid, 2).await;
    paid.drained().await;
    let now = status(&paid.app, tenant).await;
    assert_eq!((&now["plan"], &now["status"]), (&json!("free"), &json!("active")));
    let log = paid.log(tenant).await;
    assert!(log.iter().any(|entry| entry["providerEventType"] == "checkout.session.expired"), "{log:?}");
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_leaves_reading_and_ends_with_the_resumption() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    let path = format!("subscriptions/{}", paid.subscription());
    paid.api("POST", &path, &[("pause_collection[behavior]", "void")]).await;
    let paused = paid.until(tenant, &[("status", json!("paused"))]).await;
    assert_eq!((&paused["access"], &paused["plan"]), (&json!("read_only"), &json!("business")));
    paid.api("POST", &path, &[("pause_collection", "")]).await;
    paid.until(tenant, &[("status", json!("active")), ("access", json!("full"))]).await;
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_and_disputes_are_noted_and_change_no_plan() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    let charge = paid.double.newest("charge").expect("it was paid")["id"].as_str().expect("an id").to_owned();
    paid.api("POST", "refunds", &[("charge", &charge), ("amount", "1000")]).await;
    paid.drained().await;
    let log = paid.log(tenant).await;
    let refund = log.iter().find(|entry| entry["providerEventType"] == "charge.refunded").expect("it is in the log");
    assert_eq!(
        (&refund["outcome"], &refund["reason"]),
        (&json!("noted"), &json!("1000 minor units of EUR were given back"))
    );
    paid.act("dispute", &[("charge", &charge)]).await;
    paid.drained().await;
    assert_eq!(paid.app.count("provider_events WHERE type = 'charge.dispute.created' AND state = 'done'").await, 1);
    paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenant_is_billed_no_more() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    paid.drained().await;
    let subscription = paid.subscription();
    paid.app.publish(&[deleted(tenant), deleted(tenant)]).await;
    wait_until("the provider has ended it", async || {
        (paid.double.object(&subscription).expect("known")["status"] == "canceled").then_some(())
    })
    .await;
    paid.until(tenant, &[("status", json!("canceled")), ("plan", json!("free"))]).await;
    paid.drained().await;
    assert_eq!(paid.app.count("tenant_profiles WHERE deleted_at IS NOT NULL").await, 1);
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_the_provider_deleted_is_made_anew_when_it_is_needed() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    let customer = paid.double.object(&paid.subscription()).expect("known")["customer"].clone();
    paid.api("DELETE", &format!("customers/{}", customer.as_str().expect("an id")), &[]).await;
    paid.until(tenant, &[("status", json!("canceled")), ("plan", json!("free"))]).await;
    paid.drained().await;
    let portal = "/api/v1/billing/portal?returnUrl=https%3A%2F%2Fapp.example.com%2F";
    let link = paid.app.caller(tenant, Role::Owner).get(portal).await;
    assert_eq!(link.body["code"], "no_billing_customer");
    paid.finish().await;
}
