//! From when on a label stands without a person.

use common::event::Classified;
use serde_json::{Value, json};

use super::{CALIBRATION, decided, records, teach, tenant};
use crate::support::start;

#[tokio::test(flavor = "multi_thread")]
async fn a_label_stands_once_a_threshold_is_proven_and_some_are_audited() {
    let app = start().await;
    let tenant = tenant(&app).await;
    teach(&app, &tenant, &records(0, 20)).await;
    let cold = tenant.admin.get(CALIBRATION).await.body;
    assert_eq!((&cold["threshold"]["score"], &cold["exemplars"]), (&Value::Null, &json!(20)), "{cold:#}");
    assert!(cold["nextStep"].as_str().is_some_and(|words| words.contains("Decide 30 more")), "{cold:#}");
    assert!(app.events_of("CLASSIFIED").await.is_empty(), "nothing is accepted by guess");

    teach(&app, &tenant, &records(20, 70)).await;
    let proven = tenant.admin.get(CALIBRATION).await.body;
    assert!(proven["threshold"]["score"].is_number(), "{proven:#}");
    assert!(proven["threshold"]["upperBound"].as_f64().is_some_and(|bound| bound <= 0.2), "{proven:#}");
    assert_eq!((&proven["standing"], &proven["auditRate"]), (&json!("trusted"), &json!(0.2)));

    let new = records(90, 40);
    decided(&app, &tenant, &new).await;
    let (mut accepted, mut audited) = (0, 0);
    for (record, label) in &new {
        let current = tenant.current(record.record_id).await;
        if current["status"] == "classified" {
            assert_eq!((&current["label"], &current["stage"]), (&json!(label), &json!("embedding")), "{current:#}");
            assert!(current["confidence"].as_f64().is_some_and(|confidence| confidence >= 0.5), "{current:#}");
            assert_eq!(current["reasoning"]["whyHuman"], Value::Null);
            accepted += 1;
        } else if current["reasoning"]["whyHuman"] == "audit" {
            assert_eq!(current["label"], json!(label));
            audited += 1;
        }
    }
    assert!(accepted >= 20, "{accepted} of 40 stand, {audited} are audited");
    assert!(audited >= 1, "none of 40 was drawn at a rate of 0.2: p = 0.0001");
    let told: Vec<Classified> =
        app.events_of("CLASSIFIED").await.iter().map(|event| event.decode().expect("its shape")).collect();
    assert_eq!(told.len(), accepted);
    // Of what stands, nobody looks at the rest: it says nothing, and those that were drawn speak for it.
    let closed = "scored_decisions WHERE is_accepted AND NOT is_audited AND propensity = 0.2";
    assert_eq!(app.count(closed).await, i64::try_from(accepted).expect("few"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_errors_among_audits_end_it() {
    let app = start().await;
    let tenant = tenant(&app).await;
    teach(&app, &tenant, &records(0, 20)).await;
    teach(&app, &tenant, &records(20, 70)).await;
    assert!(tenant.admin.get(CALIBRATION).await.body["threshold"]["score"].is_number());
    // People begin to see things otherwise, in whatever is audited.
    let all_audited = json!({"auditSampleRate": 1.0});
    assert_eq!(tenant.admin.patch(super::SETTINGS, all_audited).await.status, 200);
    super::wait_for_policy(&tenant, "every one is audited", |shown| shown["auditRate"] == 1.0).await;
    let swapped: Vec<_> = records(90, 30)
        .into_iter()
        .map(|(record, label)| (record, if label == "refund" { "invoice" } else { "refund" }))
        .collect();
    teach(&app, &tenant, &swapped).await;
    let shown = super::wait_for_policy(&tenant, "it is suspended", |shown| shown["standing"] == "suspended").await;
    assert_eq!(shown["threshold"]["score"], Value::Null, "{shown:#}");
    assert!(shown["nextStep"].as_str().is_some_and(|words| words.contains("audits show")), "{shown:#}");
    app.finish().await;
}
