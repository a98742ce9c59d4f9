//! `/processing/settings`.

use serde_json::json;

use crate::support::{Tenant, ingested, snapshot, start, start_with_model};

const PATH: &str = "/api/v1/processing/settings";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tenant_has_the_defaults() {
    let app = start().await;
    let answer = Tenant::new(&app).admin.get(PATH).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "auditSampleRate": 0.0,
      "autoAcceptThreshold": 0.9,
      "llm": {
        "currency": "USD",
        "disclosure": "permitted",
        "model": null,
        "monthlyBudget": null
      },
      "stages": {
        "embedding": false,
        "llm": false,
        "rule": true
      },
      "targetErrorRate": 0.02,
      "updatedAt": null,
      "version": 1
    }
    "#);
    assert_eq!(app.count("processing_settings").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_changes_and_the_rest_stays() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let body = json!({"autoAcceptThreshold": 0.75, "llm": {"model": "small", "monthlyBudget": "20.00"}});
    let changed = tenant.admin.patch(PATH, body).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{changed:?}");
    assert_eq!(
        changed.body["llm"],
        json!({"model": "small", "monthlyBudget": "20.00", "currency": "USD", "disclosure": "permitted"})
    );
    assert_eq!((&changed.body["autoAcceptThreshold"], &changed.body["targetErrorRate"]), (&json!(0.75), &json!(0.02)));
    let cleared =
        tenant.admin.patch(PATH, json!({"llm": {"model": null, "monthlyBudget": null, "currency": "EUR"}})).await;
    assert_eq!(
        cleared.body["llm"],
        json!({"model": null, "monthlyBudget": null, "currency": "EUR", "disclosure": "permitted"})
    );
    assert_eq!(cleared.body["version"], 3);
    assert_eq!(tenant.admin.get(PATH).await.body, cleared.body);
    let same = tenant.admin.patch(PATH, json!({"stages": {"rule": true, "embedding": false}})).await;
    assert_eq!((same.status, &same.body["version"]), (200, &json!(3)));
    let stale = tenant.admin.send("PATCH", PATH, &[("if-match", "\"1\"")], Some(json!({"auditSampleRate": 0.1}))).await;
    assert_eq!((stale.status, &stale.body["code"]), (412, &json!("version_conflict")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_that_do_not_exist_cannot_be_switched_on() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let answer = tenant.admin.patch(PATH, json!({"auditSampleRate": 1.5, "llm": {"monthlyBudget": "-1"}})).await;
    assert_eq!(answer.body["context"]["fields"].as_array().map(Vec::len), Some(2), "{answer:?}");
    assert_eq!(app.count("processing_settings").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_language_model_the_stage_stays_off_and_the_operator_is_told_what_to_set() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let on = json!({"stages": {"llm": true}, "llm": {"monthlyBudget": "20.00"}});
    let answer = tenant.admin.patch(PATH, on).await;
    assert_eq!((answer.status, &answer.body["code"]), (409, &json!("llm_not_configured")), "{answer:?}");
    assert_eq!(answer.body["context"]["settings"][0], "VERDICT__LANGUAGE_MODEL__ENABLED");
    assert_eq!(app.count("processing_settings").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_llm_stage_takes_a_budget_in_the_currency_of_the_prices_and_a_model_with_a_price() {
    let fake = fake_model::FakeModel::start().await;
    let app = start_with_model(&fake.base_url()).await;
    let tenant = Tenant::new(&app);
    let on =
        async |llm: serde_json::Value| tenant.admin.patch(PATH, json!({"stages": {"llm": true}, "llm": llm})).await;
    for (llm, path, rule) in [
        (json!({}), "llm.monthlyBudget", "required"),
        (json!({"monthlyBudget": "5", "currency": "EUR"}), "llm.currency", "currency"),
        (json!({"monthlyBudget": "5", "model": "model-b"}), "llm.model", "no_price"),
    ] {
        let answer = on(llm).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("validation_failed")), "{answer:?}");
        let field = &answer.body["context"]["fields"][0];
        assert_eq!((&field["path"], &field["rule"]), (&json!(path), &json!(rule)));
    }
    let set = on(json!({"monthlyBudget": "5", "disclosure": "forbidden"})).await;
    assert_eq!((set.status, &set.body["stages"]["llm"]), (200, &json!(true)), "{set:?}");
    assert_eq!(set.body["llm"]["disclosure"], "forbidden");
    let without = tenant.admin.patch(PATH, json!({"llm": {"monthlyBudget": null}})).await;
    assert_eq!(without.status, 422, "the budget stays while the stage is on");
    let told = app.wait_for_event("PROCESSING_SETTINGS_UPDATED").await;
    let told: serde_json::Value = serde_json::from_str(told.data.get()).expect("JSON");
    assert_eq!((&told["before"]["llmStage"], &told["after"]["llmStage"]), (&json!(false), &json!(true)));
    assert_eq!(told["after"]["llmMonthlyBudget"], "5");
    assert_eq!(fake.count(), 0, "nobody is called for a setting");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_changes_each_make_a_version() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let set = async |share: f64| tenant.admin.patch(PATH, json!({"targetErrorRate": share})).await;
    let answers = tokio::join!(set(0.11), set(0.12), set(0.13), set(0.14));
    let mut versions = [answers.0, answers.1, answers.2, answers.3].map(|answer| answer.body["version"].as_i64());
    versions.sort_unstable();
    assert_eq!(versions, [Some(2), Some(3), Some(4), Some(5)]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_rule_stage_off_a_person_is_asked() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    tenant.rule("Everything", "true", "refund").await;
    assert_eq!(tenant.admin.patch(PATH, json!({"stages": {"rule": false}})).await.status, 200);
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let current = tenant.current(record.record_id).await;
    assert_eq!((&current["status"], &current["label"]), (&json!("pending_review"), &json!(null)));
    assert_eq!(current["reasoning"]["summary"], "The rule stage is switched off, so a person is asked.");
    assert_eq!(
        tenant.admin.patch(PATH, json!({"stages": {"rule": true}, "autoAcceptThreshold": 0.5})).await.status,
        200
    );
    let next = snapshot("y");
    app.publish(&[ingested(tenant.id, &next)]).await;
    let current = tenant.current(next.record_id).await;
    assert_eq!((&current["status"], &current["label"]), (&json!("classified"), &json!("refund")));
    assert_eq!(current["reasoning"]["thresholds"]["autoAccept"], 0.5);
    app.finish().await;
}
