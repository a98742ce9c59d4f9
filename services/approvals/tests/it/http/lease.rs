//! Claim and release: one holder at a time, for ten minutes.

use common::{Role, TenantId};
use serde_json::{Value, json};

use crate::support::{Question, act, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_keeps_others_from_every_act_until_it_ends() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (ann, bob) = (app.caller(tenant, Role::Reviewer), app.caller(tenant, Role::Admin));
    let approval = Question::of(tenant).open(&app).await;

    let claimed = ann.post(&act(&approval, "claim"), json!({})).await;
    assert_eq!(claimed.status, 200, "{claimed:?}");
    assert_eq!(claimed.body["claimedByName"], "reviewer@example.com");
    assert_eq!(claimed.header("etag"), Some("\"2\""));
    for (verb, body) in
        [("claim", json!({})), ("release", json!({})), ("approve", json!({})), ("override", json!({"label": "x"}))]
    {
        let refused = bob.post(&act(&approval, verb), body).await;
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("claimed_by_other")), "{verb}");
        assert_eq!(refused.body["context"]["claimedBy"], claimed.body["claimedBy"], "{verb}");
        assert_eq!(refused.body["context"]["expiresAt"], claimed.body["claimExpiresAt"], "{verb}");
    }

    let renewed = ann.post(&act(&approval, "claim"), json!({})).await;
    assert_eq!(renewed.status, 200, "one's own claim is renewed");
    let time = |answer: &Value| answer["claimExpiresAt"].as_str().expect("a time").to_owned();
    assert!(time(&renewed.body) > time(&claimed.body));

    app.owner_sql("UPDATE approvals SET claim_expires_at = now() - interval '1 s'").await;
    let taken = bob.post(&act(&approval, "claim"), json!({})).await;
    assert_eq!(taken.status, 200, "an ended lease is free: {taken:?}");
    assert_eq!(ann.post(&act(&approval, "approve"), json!({})).await.body["code"], "claimed_by_other");
    assert_eq!(bob.post(&act(&approval, "approve"), json!({})).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_frees_and_is_no_error_without_a_claim() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (ann, bob) = (app.caller(tenant, Role::Reviewer), app.caller(tenant, Role::Reviewer));
    let approval = Question::of(tenant).open(&app).await;

    assert_eq!(ann.post(&act(&approval, "release"), json!({})).await.body["version"], 1);
    ann.post(&act(&approval, "claim"), json!({})).await;
    // A body may be left out entirely.
    let released = ann.send("POST", &act(&approval, "release"), &[], None).await;
    assert_eq!(released.status, 200, "{released:?}");
    assert_eq!(released.body["claimedBy"], Value::Null);
    assert_eq!(bob.post(&act(&approval, "claim"), json!({})).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_than_the_one_read_is_refused() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let approval = Question::of(tenant).open(&app).await;
    let path = act(&approval, "claim");
    assert_eq!(ann.send("POST", &path, &[("if-match", "\"1\"")], None).await.status, 200);
    let stale = ann.send("POST", &path, &[("if-match", "\"1\"")], None).await;
    assert_eq!((stale.status, &stale.body["code"]), (412, &json!("version_conflict")));
    assert_eq!(stale.body["context"]["currentVersion"], 2);
    assert_eq!(ann.send("POST", &path, &[("if-match", "two")], None).await.status, 400);
    app.finish().await;
}
