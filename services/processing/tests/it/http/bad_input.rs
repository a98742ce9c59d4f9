//! Every route against input that it must refuse: the documented 4xx, and nothing stored.

use common::{LabelId, RuleId};
use serde_json::json;

use crate::support::{Tenant, start};

/// Method, path, body, status, code.
type Case = (&'static str, String, &'static str, u16, &'static str);

fn cases() -> Vec<Case> {
    let (label, rule) =
        (format!("/api/v1/labels/{}", LabelId::generate()), format!("/api/v1/rules/{}", RuleId::generate()));
    let to = |path: &str| path.to_owned();
    let (labels, rules, test, settings) =
        (to("/api/v1/labels"), to("/api/v1/rules"), to("/api/v1/rules/test"), to("/api/v1/processing/settings"));
    let (preview, lists) = (to("/api/v1/rules/preview"), to("/api/v1/value-lists"));
    let (plan, apply) = (to("/api/v1/rules/import/plan"), to("/api/v1/rules/import/apply"));
    let mut cases: Vec<Case> = Vec::new();
    for (method, path) in [
        ("POST", &labels),
        ("PATCH", &label),
        ("POST", &rules),
        ("PATCH", &rule),
        ("POST", &test),
        ("POST", &preview),
        ("POST", &lists),
        ("POST", &plan),
        ("POST", &apply),
        ("PATCH", &settings),
    ] {
        cases.push((method, path.clone(), "{", 400, "invalid_request"));
        cases.push((method, path.clone(), "", 400, "invalid_request"));
        cases.push((method, path.clone(), "[]", 422, "validation_failed"));
        cases.push((method, path.clone(), "{\"more\": 1}", 422, "validation_failed"));
    }
    cases.push(("PATCH", settings.clone(), r#"{"autoAcceptThreshold": 1e400}"#, 422, "validation_failed"));
    let refused = [
        ("POST", &labels, "{}"),
        ("POST", &labels, r#"{"name": ""}"#),
        ("POST", &labels, r#"{"name": "   "}"#),
        ("POST", &labels, r#"{"name": "a\u0000b"}"#),
        ("POST", &labels, r#"{"name": 7}"#),
        ("POST", &labels, r#"{"name": "a", "examples": ["a\u0000"]}"#),
        ("POST", &labels, r#"{"name": "a", "examples": [""]}"#),
        ("PATCH", &label, r#"{"name": null}"#),
        ("PATCH", &label, r#"{"version": 3}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true"}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true", "label": "l", "priority": -1}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true", "label": "l", "priority": 1000001}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true", "label": "l", "priority": 99999999999}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true", "label": "l", "priority": 1.5}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true", "label": "l", "status": "on"}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "true", "label": "l", "origin": "override"}"#),
        ("POST", &rules, r#"{"name": "a", "condition": "\u0000", "label": "l"}"#),
        ("PATCH", &rule, r#"{"condition": null}"#),
        ("PATCH", &rule, r#"{"requiresReview": "yes"}"#),
        ("POST", &test, r#"{"condition": "true", "recordId": "seven"}"#),
        ("POST", &test, r#"{"condition": "true", "record": {"text": "x", "amount": 5}}"#),
        ("POST", &test, r#"{"condition": "true", "record": {"text": "x", "amount": "1e99"}}"#),
        ("POST", &test, r#"{"condition": "true", "record": {"text": "x", "attributes": {"a": []}}}"#),
        ("POST", &preview, r#"{"condition": "true", "label": "l", "scope": {"limit": 0}}"#),
        ("POST", &preview, r#"{"condition": "true", "label": "l", "scope": {"limit": 100001}}"#),
        ("POST", &preview, r#"{"condition": "true", "label": "l", "scope": {"from": "yesterday"}}"#),
        (
            "POST",
            &preview,
            r#"{"condition": "true", "label": "l", "scope": {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}"#,
        ),
        ("POST", &preview, r#"{"condition": "true", "label": "l", "priority": -1}"#),
        ("PATCH", &settings, r#"{"autoAcceptThreshold": -0.1}"#),
        ("PATCH", &settings, r#"{"autoAcceptThreshold": null}"#),
        ("PATCH", &settings, r#"{"llm": {"currency": "euro"}}"#),
        ("PATCH", &settings, r#"{"llm": {"monthlyBudget": 20}}"#),
        ("PATCH", &settings, r#"{"stages": {"human": true}}"#),
    ];
    cases.extend(refused.map(|(method, path, body)| (method, path.clone(), body, 422, "validation_failed")));
    let queries = [
        "/api/v1/labels?limit=0",
        "/api/v1/labels?limit=201",
        "/api/v1/labels?limit=x",
        "/api/v1/labels?more=1",
        "/api/v1/labels?cursor=!",
        "/api/v1/labels?cursor=bm9wZQ",
        "/api/v1/rules?status=on",
        "/api/v1/rules?q=%00",
        "/api/v1/rules?limit=-1",
        "/api/v1/rules?cursor=e30",
        "/api/v1/labels/seven",
        "/api/v1/rules/seven",
        "/api/v1/rules/seven/versions",
        "/api/v1/value-lists/seven",
        "/api/v1/value-lists?cursor=!",
        "/api/v1/rules/seven/stats",
        "/api/v1/rules/01890a5d-ac96-774b-bcce-b302099a8057/stats?days=0",
        "/api/v1/rules/01890a5d-ac96-774b-bcce-b302099a8057/stats?days=367",
        "/api/v1/processing/outcomes/seven",
        "/api/v1/processing/outcomes/01890a5d-ac96-774b-bcce-b302099a8057?cursor=e30",
    ];
    cases.extend(queries.map(|path| ("GET", path.to_owned(), "", 400, "invalid_request")));
    let methods =
        [("DELETE", &labels), ("PUT", &label), ("PUT", &rules), ("GET", &test), ("PUT", &rule), ("DELETE", &settings)];
    cases.extend(methods.map(|(method, path)| (method, path.clone(), "", 405, "method_not_allowed")));
    cases.push(("POST", format!("{rule}/versions"), "", 405, "method_not_allowed"));
    cases.push(("GET", format!("{rule}/enable"), "", 405, "method_not_allowed"));
    cases.push(("POST", format!("{rule}/enable"), r#"{"a": 1}"#, 422, "validation_failed"));
    cases.push(("GET", to("/api/v1/nothing"), "", 404, "not_found"));
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_as_documented() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let mut wrong = Vec::new();
    for (method, path, body, status, code) in cases() {
        let json = [("content-type", "application/json")];
        let answer = tenant.admin.send_raw(method, &path, &json, body.as_bytes().to_vec()).await;
        if (answer.status, answer.body["code"].as_str()) != (status, Some(code)) {
            wrong.push(format!("{method} {path} {body}: not {status} {code} but {} {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for table in ["labels", "rules", "rule_sets", "processing_settings", "outbox"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_the_wrong_kind_are_refused() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let send = async |kind: &str, bytes: Vec<u8>| {
        tenant.admin.send_raw("POST", "/api/v1/labels", &[("content-type", kind)], bytes).await
    };
    assert_eq!(send("text/plain", b"{\"name\":\"a\"}".to_vec()).await.status, 415);
    assert_eq!(send("application/json", vec![b' '; (1 << 20) + 1]).await.status, 413);
    assert_eq!(send("application/json", b"{\"name\":\"\xff\xfe\"}".to_vec()).await.status, 400);
    let key = "k".repeat(256);
    let long =
        tenant.admin.send("POST", "/api/v1/labels", &[("idempotency-key", &key)], Some(json!({"name": "a"}))).await;
    assert_eq!(long.status, 400);
    let refused = tenant.admin.send("PUT", "/api/v1/labels", &[], None).await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, POST")));
    assert_eq!(app.count("labels").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_identity_is_refused() {
    let app = start().await;
    for path in ["/api/v1/labels", "/api/v1/rules", "/api/v1/processing/settings"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthenticated")), "{path}");
    }
    app.finish().await;
}
