//! `/records/{id}/similar`.

use common::RecordId;
use serde_json::json;

use crate::similarity::tenant;
use crate::support::{Tenant, ingested, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_come_first_and_the_record_itself_is_not_among_them() {
    let app = start().await;
    let tenant = tenant(&app).await;
    let near = ["red green blue", "red green white", "one two three"];
    let records = near.map(snapshot);
    crate::similarity::teach(&app, &tenant, &records.clone().map(|record| (record, "refund"))).await;
    let asked = snapshot("red green blue black");
    app.publish(&[ingested(tenant.id, &asked)]).await;
    tenant.current(asked.record_id).await;
    let path = format!("/api/v1/records/{}/similar", asked.record_id);
    let answer = tenant.admin.get(&format!("{path}?limit=2")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = answer.body.as_array().expect("a list");
    let ids: Vec<_> = found.iter().map(|one| one["recordId"].clone()).collect();
    assert_eq!(ids, [json!(records[0].record_id), json!(records[1].record_id)]);
    assert_eq!((&found[0]["label"], &found[0]["text"]), (&json!("refund"), &json!("red green blue")));
    let (first, second) = (found[0]["similarity"].as_f64(), found[1]["similarity"].as_f64());
    assert!(first > second && first < Some(1.0), "{found:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_is_said() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.current(record.record_id).await;
    let path = format!("/api/v1/records/{}/similar", record.record_id);
    let off = tenant.admin.get(&path).await;
    assert_eq!((off.status, &off.body["code"]), (409, &json!("embeddings_unavailable")));
    assert_eq!(off.body["context"]["reason"], "stage_off");
    for query in ["limit=0", "limit=51", "limit=x", "other=1"] {
        let bad = tenant.admin.get(&format!("{path}?{query}")).await;
        assert_eq!((bad.status, &bad.body["code"]), (400, &json!("invalid_request")), "{query}");
    }
    let missing = tenant.admin.get(&format!("/api/v1/records/{}/similar", RecordId::generate())).await;
    assert_eq!((missing.status, &missing.body["code"]), (404, &json!("not_found")));
    let malformed = tenant.admin.get("/api/v1/records/x/similar").await;
    assert_eq!((malformed.status, &malformed.body["code"]), (400, &json!("invalid_request")));
    let stranger = Tenant::new(&app).admin.get(&path).await;
    assert_eq!((stranger.status, &stranger.body["code"]), (404, &json!("not_found")));
    app.finish().await;
}
