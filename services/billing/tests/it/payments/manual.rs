//! Customers who are invoiced: an operator says what they are on.

use serde_json::{Value, json};

use super::reconcile::billing;
use super::support::Paid;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sets_what_the_owner_sees() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    let id = tenant.to_string();
    let set = async |plan: &str, status: &str| {
        let arguments = ["subscription", "set", "--tenant", &id, "--plan", plan, "--status", status];
        billing(&paid, &[&arguments[..], &["--until", "2030-01-01T00:00:00Z"]].concat()).await
    };
    let output = set("business", "active").await;
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"plan\": \"free\" -> \"business\""), "{output:?}");
    let now = paid.until(tenant, &[("plan", json!("business")), ("provider", json!("manual"))]).await;
    assert_eq!((&now["status"], &now["currentPeriodEnd"]), (&json!("active"), &json!("2030-01-01T00:00:00Z")));
    let log = paid.log(tenant).await;
    assert_eq!((&log[0]["provider"], &log[0]["reason"]), (&json!("manual"), &json!("an operator set it")));
    assert_eq!(paid.session(tenant, "team").await.body["code"], "already_subscribed");

    assert!(String::from_utf8_lossy(&set("business", "active").await.stdout).contains("Nothing changed"));
    set("business", "past_due").await;
    let late = paid.until(tenant, &[("status", json!("past_due"))]).await;
    assert!(late["graceEndsAt"].is_string());
    set("business", "canceled").await;
    paid.until(tenant, &[("status", json!("canceled")), ("plan", json!("free")), ("graceEndsAt", Value::Null)]).await;
    let shown = billing(&paid, &["subscription", "show", "--tenant", &id]).await;
    assert!(String::from_utf8_lossy(&shown.stdout).contains("plan free, canceled"), "{shown:?}");
    for bad in [["--plan", "gold"], ["--plan", "free"], ["--status", "happy"]] {
        let arguments = [&["subscription", "set", "--tenant", &id, "--plan", "team"][..], &bad[..]].concat();
        assert!(!billing(&paid, &arguments).await.status.success(), "{bad:?}");
    }
    paid.finish().await;
}
