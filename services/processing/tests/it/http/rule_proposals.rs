//! `/rules/proposals`.

use common::event::ApprovalOutcome;
use common::{Clock as _, Role, RuleProposalId, SystemClock};
use serde_json::{Value, json};
use test_support::{Answer, TestApp};

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start, text};

const PATH: &str = "/api/v1/rules/proposals";

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

/// A record of that counterparty, to which a person gave the label.
async fn overridden(app: &TestApp, tenant: &Tenant, counterparty: &str, label: &str) {
    let mut record = snapshot("x");
    record.normalized.counterparty = Some(counterparty.to_owned());
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    let approval = approved(&record, ApprovalOutcome::Override, label, SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("Ann"), &approval)]).await;
    tenant.outcomes(record.record_id, 2).await;
}

async fn proposals(tenant: &Tenant) -> Vec<Value> {
    let answer = tenant.admin.get(PATH).await;
    assert_eq!((answer.status, answer.next_cursor()), (200, None), "{answer:?}");
    answer.body.as_array().expect("a list").clone()
}

async fn history(app: &TestApp) -> Tenant {
    let tenant = Tenant::with_labels(app, &["refund", "bill"]).await;
    for _ in 0..4 {
        overridden(app, &tenant, "ACME", "refund").await;
        overridden(app, &tenant, "Shop", "bill").await;
    }
    tenant
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_decisions_become_a_rule_when_somebody_accepts() {
    let app = start().await;
    let tenant = history(&app).await;
    let found = proposals(&tenant).await;
    let told: Vec<_> = found.iter().map(|one| (text(&one["condition"]), text(&one["label"]))).collect();
    let condition = |name: &str| format!("record.counterparty == \"{name}\"");
    assert_eq!(told, [(condition("ACME"), "refund".to_owned()), (condition("Shop"), "bill".to_owned())]);
    assert_eq!(found[0]["evidence"]["summary"], "matches 4 past records, 4 agree with people, 0 do not");
    assert_eq!(found[0]["evidence"]["agreeingRecords"].as_array().map(Vec::len), Some(4));
    assert_eq!(app.count("rules").await, 0, "none is made unasked");
    assert_eq!(proposals(&tenant).await, found, "the same at each look");

    let reviewer = app.caller(tenant.id, Role::Reviewer);
    let accept = format!("{PATH}/{}/accept", text(&found[0]["id"]));
    let refused = reviewer.post(&accept, json!({"status": "active"})).await;
    assert_eq!((code(&refused), &refused.body["context"]["permission"]), ((403, "forbidden"), &json!("rules:write")));
    let key = [("idempotency-key", "k")];
    let made = reviewer.send("POST", &accept, &key, None).await;
    assert_eq!(
        (made.status, &made.body["status"], &made.body["origin"]),
        (201, &json!("shadow"), &json!("proposal")),
        "{made:?}"
    );
    assert_eq!(made.body["name"], "ACME: refund");
    let again = reviewer.send("POST", &accept, &key, None).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&made.body, Some("true")));
    assert_eq!(code(&tenant.admin.post(&accept, json!({})).await), (404, "not_found"), "it is a rule now");
    let active = format!("{PATH}/{}/accept", text(&found[1]["id"]));
    let made = tenant.admin.post(&active, json!({"status": "active", "name": "Shops", "priority": 7})).await;
    assert_eq!(
        (made.status, &made.body["name"], &made.body["priority"]),
        (201, &json!("Shops"), &json!(7)),
        "{made:?}"
    );
    assert_eq!(proposals(&tenant).await, Vec::<Value>::new());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dismissed_or_deleted_does_not_come_back() {
    let app = start().await;
    let tenant = history(&app).await;
    let found = proposals(&tenant).await;
    let dismiss = format!("{PATH}/{}/dismiss", text(&found[0]["id"]));
    for _ in 0..2 {
        let dismissed = tenant.admin.send("POST", &dismiss, &[], None).await;
        assert_eq!((dismissed.status, &dismissed.body["dismissed"]), (200, &json!(true)), "{dismissed:?}");
    }
    let told = app.wait_for_event("RULE_PROPOSAL_DISMISSED").await;
    assert_eq!((told.subject.id, told.actor.name.as_deref()), (text(&found[0]["id"]), Some("admin@example.com")));
    overridden(&app, &tenant, "ACME", "refund").await;
    assert_eq!(proposals(&tenant).await.len(), 1, "more of the same changes nothing");

    let made = tenant.admin.post(&format!("{PATH}/{}/accept", text(&found[1]["id"])), json!({})).await;
    assert_eq!(made.status, 201, "{made:?}");
    tenant.admin.delete(&format!("/api/v1/rules/{}", text(&made.body["id"]))).await;
    assert_eq!(proposals(&tenant).await, Vec::<Value>::new());
    assert_eq!(app.events_of("RULE_PROPOSAL_DISMISSED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_proposals_and_bad_bodies_are_refused() {
    let app = start().await;
    let tenant = history(&app).await;
    let theirs = text(&proposals(&tenant).await[0]["id"]);
    let other = Tenant::with_labels(&app, &["refund"]).await;
    for id in [theirs, RuleProposalId::generate().to_string()] {
        for verb in ["accept", "dismiss"] {
            let answer = other.admin.post(&format!("{PATH}/{id}/{verb}"), json!({})).await;
            assert_eq!(code(&answer), (404, "not_found"), "{verb}");
        }
    }
    assert_eq!(proposals(&other).await, Vec::<Value>::new());
    let accept = format!("{PATH}/{}/accept", RuleProposalId::generate());
    for bad in [json!({"status": "disabled"}), json!({"priority": -1}), json!({"name": ""}), json!({"more": 1})] {
        assert_eq!(code(&tenant.admin.post(&accept, bad).await), (422, "validation_failed"));
    }
    assert_eq!(app.count("dismissed_proposals").await, 0);
    app.finish().await;
}
