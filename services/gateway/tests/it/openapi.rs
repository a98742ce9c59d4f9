//! The served contract.

use std::collections::BTreeSet;

use gateway::routes::all;
use serde_json::Value;

use crate::support::{code, start};

/// `get /api/v1/rules/{}`: the names of variables are the services' own.
fn normal(method: &str, path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    format!("{method} {}", segments.collect::<Vec<_>>().join("/"))
}

#[test]
fn the_document_lists_exactly_the_calls_of_the_table() {
    let document = gateway::openapi::document("http://127.0.0.1:8080");
    let mut listed = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("a path item").keys() {
            assert!(listed.insert(normal(method, path)), "{method} {path} is there twice");
        }
    }
    let table: BTreeSet<String> = all()
        .filter(|route| route.is_documented())
        .map(|route| normal(&route.verb.as_str().to_lowercase(), route.path))
        .collect();
    let missing: Vec<_> = table.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&table).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:#?}\nnot in the table: {unknown:#?}");
}

#[test]
fn every_reference_leads_somewhere_and_every_answer_is_an_envelope() {
    let document = gateway::openapi::document("http://127.0.0.1:8080");
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let Some(schema) = response.pointer("/content/application~1json/schema") else { continue };
                let framed = schema["properties"]["meta"].is_object()
                    || schema["allOf"][0]["$ref"] == "#/components/schemas/ErrorEnvelope";
                assert!(framed, "{method} {path} {status} is no envelope");
            }
        }
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            members.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_and_its_page_are_served_as_they_are() {
    let app = start().await;
    let document = app.anonymous().get("/api/v1/openapi.json").await;
    assert_eq!((document.status, &document.body["openapi"]), (200, &"3.1.0".into()));
    assert!(document.body.pointer("/paths/~1api~1v1~1auth~1signup/post").is_some());
    assert_eq!(document.body.pointer("/paths/~1api~1v1~1auth~1signup/post/security"), Some(&serde_json::json!([])));
    let page = app.anonymous().get("/docs").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.as_str().is_some_and(|html| html.contains("swagger-ui")));
    let script = app.anonymous().get("/docs/swagger-initializer.js").await;
    assert!(script.body.as_str().is_some_and(|script| script.contains("/api/v1/openapi.json")), "{script:?}");
    let nothing = app.anonymous().get("/docs/nothing.js").await;
    assert_eq!((nothing.status, code(&nothing)), (404, "not_found"));
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!((ready.status, &ready.body["status"]), (200, &"ready".into()));
    app.finish().await;
}
