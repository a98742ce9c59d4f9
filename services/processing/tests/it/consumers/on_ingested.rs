//! `INGESTED`.

use common::event::{Classified, ReviewRequested};
use common::record::Stage;
use serde_json::json;
use test_support::wait_until;

use crate::support::{Tenant, ingested, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_decides_and_the_others_are_told() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = tenant.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    let record = snapshot("a refund please");
    let cause = ingested(tenant.id, &record);
    app.publish(std::slice::from_ref(&cause)).await;
    let told = app.wait_for_event("CLASSIFIED").await;
    assert_eq!((told.trace_id.as_str(), told.tenant_id), (cause.trace_id.as_str(), tenant.id), "one trace");
    assert_eq!((told.actor.id.as_str(), told.source_agent.as_str()), ("processing", "processing"));
    let data = told.decode::<Classified>().expect("its shape");
    assert_eq!((data.record_id, data.sequence, data.stage), (record.record_id, 1, Stage::Rule));
    assert_eq!((data.label.as_str(), data.source.as_str()), ("refund", "generic"));
    assert_eq!(data.received_at, record.received_at);
    let matched = data.reasoning.rule.expect("a rule decided");
    assert_eq!((json!(matched.id), matched.version), (rule["id"].clone(), 1));
    let current = tenant.current(record.record_id).await;
    assert_eq!(current["id"], json!(data.decision_id));
    assert!(app.events_of("REVIEW_REQUESTED").await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_where_no_rule_decides_or_the_rule_says_so() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["complaint"]).await;
    let review = json!({"name": "Angry", "condition": "record.text.contains(\"angry\")", "label": "complaint",
                        "requiresReview": true});
    tenant.rule_with(review).await;
    let (angry, other) = (snapshot("I am angry"), snapshot("hello"));
    app.publish(&[ingested(tenant.id, &angry), ingested(tenant.id, &other)]).await;
    let asked = wait_until("two questions", async || {
        Some(app.events_of("REVIEW_REQUESTED").await).filter(|events| events.len() == 2)
    })
    .await;
    let asked: Vec<ReviewRequested> = asked.iter().map(|event| event.decode().expect("its shape")).collect();
    let about = |text: &str| asked.iter().find(|one| one.record.normalized.text == text).expect("asked");
    let proposal = &about("I am angry").proposal;
    assert_eq!((proposal.label.as_deref(), proposal.stage), (Some("complaint"), Stage::Rule));
    assert_eq!(json!(proposal.reasoning.why_human), json!("rule_requires_review"));
    assert_eq!(about("I am angry").candidates[0].label, "complaint");
    let open = about("hello");
    assert_eq!((open.proposal.label.as_deref(), open.proposal.stage), (None, Stage::None));
    assert_eq!(json!(open.proposal.reasoning.why_human), json!("no_stage_decided"));
    assert_eq!((&open.record, open.candidates.len()), (&other, 0), "the reviewer needs no other source");
    assert!(app.events_of("CLASSIFIED").await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hearing_of_a_record_again_changes_nothing() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b"]).await;
    tenant.rule("First", "true", "a").await;
    let record = snapshot("x");
    let event = ingested(tenant.id, &record);
    app.publish(&[event.clone(), event.clone(), ingested(tenant.id, &record)]).await;
    let before = tenant.outcomes(record.record_id, 1).await;

    tenant.rule_with(json!({"name": "Sooner", "condition": "true", "label": "b", "priority": 1})).await;
    let marker = snapshot("marker");
    app.publish(std::slice::from_ref(&event)).await;
    app.publish(&[event, ingested(tenant.id, &marker)]).await;
    assert_eq!(tenant.current(marker.record_id).await["label"], "b");
    assert_eq!(tenant.outcomes(record.record_id, 1).await, before);
    wait_until("both told", async || (app.events_of("CLASSIFIED").await.len() >= 2).then_some(())).await;
    assert_eq!(app.events_of("CLASSIFIED").await.len(), 2, "one for each record");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_made_between_two_records_decides_the_second() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    for round in 0..5 {
        let before = snapshot("x");
        app.publish(&[ingested(tenant.id, &before)]).await;
        assert_eq!(tenant.current(before.record_id).await["status"], "pending_review", "round {round}");
        let rule = tenant.rule("All", "true", "refund").await;
        let after = snapshot("x");
        app.publish(&[ingested(tenant.id, &after)]).await;
        assert_eq!(tenant.current(after.record_id).await["label"], "refund", "round {round}");
        let path = format!("/api/v1/rules/{}", rule["id"].as_str().expect("id"));
        assert_eq!(tenant.admin.delete(&path).await.status, 200);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_records_get_the_same_receipts() {
    let app = start().await;
    let texts = ["refund", "bill", "angry refund", "nothing", "bill and refund"];
    let mut runs = Vec::new();
    for _ in 0..2 {
        let tenant = Tenant::with_labels(&app, &["refund", "bill"]).await;
        for (name, word, priority) in [("Bills", "bill", 2), ("Refunds", "refund", 1), ("Twin", "refund", 1)] {
            let condition = format!("record.text.contains(\"{word}\")");
            let body = json!({"name": name, "condition": condition, "label": word, "priority": priority});
            tenant.rule_with(body).await;
        }
        let records: Vec<_> = texts.map(snapshot).into();
        let events: Vec<_> = records.iter().map(|record| ingested(tenant.id, record)).collect();
        app.publish(&events).await;
        let mut receipts = Vec::new();
        for record in &records {
            let current = tenant.current(record.record_id).await;
            let rules: Vec<_> = current["rules"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|rule| (rule["name"].clone(), rule["outcome"].clone()))
                .collect();
            receipts.push((
                current["label"].clone(),
                current["status"].clone(),
                current["reasoning"]["summary"].clone(),
                rules,
            ));
        }
        runs.push(receipts);
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(
        runs[0].iter().map(|receipt| receipt.0.clone()).collect::<Vec<_>>(),
        [json!("refund"), json!("bill"), json!("refund"), json!(null), json!("refund")]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_is_set_apart_and_holds_up_no_other() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let record = snapshot("x");
    let mut bad = ingested(tenant.id, &snapshot("bad"));
    bad.data = serde_json::value::to_raw_value(&json!({"recordId": 7})).expect("JSON");
    app.publish(&[bad, ingested(tenant.id, &record)]).await;
    assert_eq!(tenant.current(record.record_id).await["status"], "pending_review");
    wait_until("the bad one is dead", async || (app.dead_letters("processing.records").await == 1).then_some(())).await;
    app.stop().await;
}
