//! Reconciling: what never came is found, what drifted is repaired, and it is said.

use std::process::Output;

use common::TenantId;
use serde_json::json;
use tokio::process::Command;

use super::support::Paid;
use crate::support::status;

const BOTH: web::Roles = web::Roles { api: true, worker: true };

/// Runs the service's binary against the test's own parts.
pub(super) async fn billing(paid: &Paid, arguments: &[&str]) -> Output {
    let database = paid.app.database().settings();
    let output = Command::new(env!("CARGO_BIN_EXE_verdict-billing"))
        .args(arguments)
        .env("VERDICT__DATABASE__URL", settings::ExposeSecret::expose_secret(&database.url))
        .env("VERDICT__BROKER__URL", settings::ExposeSecret::expose_secret(&paid.app.broker().url))
        .env("VERDICT__INTERNAL__PUBLIC_KEYS", "")
        .env("VERDICT__PAYMENTS__PROVIDER", "stripe")
        .env("VERDICT__PAYMENTS__API_BASE", paid.double.base())
        .env("VERDICT__PAYMENTS__SECRET_KEY", "sk_test_of_the_test")
        .env("VERDICT__PAYMENTS__WEBHOOK_SECRET", super::support::SECRET)
        .env("VERDICT__PAYMENTS__RETURN_ORIGINS", super::support::APP)
        .env("VERDICT__OUTBOUND__ALLOW", "127.0.0.1")
        .output();
    output.await.expect("the binary runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_webhooks_are_listed_and_drift_is_repaired() {
    // Nothing is sent: every webhook is missed.
    let paid = Paid::start_as(BOTH, |_| {}).await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    assert_eq!(status(&paid.app, tenant).await["plan"], "free");
    let first = billing(&paid, &["reconcile"]).await;
    let text = said(&first);
    assert!(first.status.success() && text.contains("was unknown, is active"), "{text}");
    assert!(!text.contains("had never come: 0"), "{text}");
    paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;
    paid.handled().await;

    paid.api("DELETE", &format!("subscriptions/{}", paid.subscription()), &[]).await;
    let second = said(&billing(&paid, &["reconcile", "--tenant", &tenant.to_string()]).await);
    assert!(second.contains("canceled") || second.contains("had never come: 1"), "{second}");
    paid.until(tenant, &[("status", json!("canceled")), ("plan", json!("free"))]).await;
    paid.handled().await;
    let third = said(&billing(&paid, &["reconcile"]).await);
    assert!(third.contains("Nothing differed") && third.contains("had never come: 0"), "{third}");
    let log = paid.log(tenant).await;
    assert!(log.iter().any(|entry| entry["providerEventType"] == "reconcile"), "{log:?}");
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_service_reconciles_by_itself() {
    let paid = Paid::start_as(BOTH, |settings| settings.payments.reconcile_seconds = 1).await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;
    paid.api("DELETE", &format!("subscriptions/{}", paid.subscription()), &[]).await;
    paid.until(tenant, &[("status", json!("canceled"))]).await;
    paid.handled().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_is_nothing_to_compare_with() {
    let paid = Paid::start_as(BOTH, |_| {}).await;
    let database = paid.app.database().settings();
    let output = Command::new(env!("CARGO_BIN_EXE_verdict-billing"))
        .args(["reconcile", "--tenant", &TenantId::generate().to_string()])
        .env("VERDICT__DATABASE__URL", settings::ExposeSecret::expose_secret(&database.url))
        .env("VERDICT__BROKER__URL", settings::ExposeSecret::expose_secret(&paid.app.broker().url))
        .env("VERDICT__INTERNAL__PUBLIC_KEYS", "")
        .output()
        .await
        .expect("the binary runs");
    assert!(!output.status.success());
    assert!(said(&output).contains("no payment provider is configured"), "{}", said(&output));
    paid.finish().await;
}
