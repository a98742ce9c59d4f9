//! One form for everything that goes out.

use serde_json::json;

use crate::support::{code, sign_up, start};
use crate::upstream::LARGE;

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_said_in_the_envelope() {
    let app = start().await;
    for path in ["/", "/api/v1/nothing", "/api/v1/rules/", "/api/v1//rules", "/api/v1/rules/..", "/%2e%2e/x"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!((answer.status, code(&answer)), (404, "not_found"), "{path}");
        assert!(answer.body["data"].is_null());
        assert_eq!(answer.header("x-trace-id"), answer.body["meta"]["traceId"].as_str());
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    for method in ["PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        let answer = app.anonymous().send(method, "/api/v1/rules", &[], None).await;
        assert_eq!((answer.status, code(&answer)), (405, "method_not_allowed"), "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    }
    assert_eq!(app.anonymous().send("POST", "/api/v1/events", &[], None).await.header("allow"), Some("GET, HEAD"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_continued_or_begun() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = ann.send("GET", "/api/v1/records", &[("traceparent", given)], None).await;
    assert_eq!(answer.body["meta"]["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(answer.header("x-trace-id"), Some("0af7651916cd43dd8448eb211c80319c"));
    let sent = answer.body["data"]["headers"]["traceparent"].as_str().expect("handed on");
    assert!(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && sent != given, "{sent}");
    let local = ann.send("GET", "/api/v1/auth/me", &[("traceparent", given)], None).await;
    assert_eq!(local.body["meta"]["traceId"], "0af7651916cd43dd8448eb211c80319c");
    let fresh = ann.send("GET", "/api/v1/records", &[("traceparent", "nonsense")], None).await;
    assert_eq!(fresh.body["meta"]["traceId"].as_str().map(str::len), Some(32));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_answers_are_framed() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let get = async |mode: &str| ann.get(&format!("/api/v1/records?mode={mode}")).await;

    let page = get("page").await;
    assert_eq!((&page.body["data"], &page.body["meta"]["nextCursor"]), (&json!([1, 2]), &json!("abc")));
    assert!(page.header("x-verdict-next-cursor").is_none());
    let last = get("last-page").await;
    assert_eq!(last.body["meta"].get("nextCursor"), Some(&json!(null)));
    assert_eq!(get("empty").await.status, 200);
    assert_eq!(get("empty").await.body["data"], json!(null));
    assert_eq!(get("chunked").await.body["data"], json!({"a": [1, 2]}));
    assert_eq!(get("chunked-empty").await.body["data"], json!(null));
    let large = get("large").await;
    assert_eq!(large.body["data"].as_str().map(str::len), Some(LARGE - 2));
    assert!(large.header("content-length").is_some_and(|length| length.parse::<usize>().is_ok_and(|n| n > LARGE)));

    let headers = get("headers").await;
    assert_eq!((headers.status, headers.header("etag")), (201, Some("\"7\"")));
    assert_eq!(headers.header("location"), Some("/api/v1/rules/7"));
    assert_eq!(headers.header("idempotent-replayed"), Some("true"));
    assert!(headers.header("x-verdict-secret").is_none());
    assert_eq!(headers.header("x-trace-id"), headers.body["meta"]["traceId"].as_str());

    let bare = get("bare").await;
    assert_eq!((bare.status, &bare.body), (200, &json!("data: 1\n\n")));
    assert_eq!(bare.header("content-type"), Some("text/event-stream"));
    assert!(bare.header("x-verdict-envelope").is_none() && bare.header("x-trace-id").is_some());

    let me = ann.get("/api/v1/auth/me").await;
    let nothing = ann.get("/api/v1/nothing").await;
    assert_eq!((me.header("cache-control"), page.header("cache-control")), (Some("no-store"), None));
    for answer in [page, bare, me, nothing] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_errors_are_framed_and_nonsense_gets_a_code() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let get = async |mode: &str| ann.get(&format!("/api/v1/records?mode={mode}")).await;

    let error = get("error").await;
    assert_eq!((error.status, code(&error)), (422, "unknown_label"));
    assert_eq!(error.body["error"]["context"], json!({"label": "x"}));
    assert!(error.body["data"].is_null());
    let busy = get("busy").await;
    assert_eq!((busy.status, code(&busy), busy.header("retry-after")), (503, "overloaded", Some("7")));
    let text = get("text-error").await;
    assert_eq!((text.status, code(&text)), (502, "upstream_unavailable"));
    assert_eq!(text.body["error"]["context"]["service"], "ingestion");
    assert!(!text.body.to_string().contains("panicked"));
    let wrong = get("wrong-json-error").await;
    assert_eq!((wrong.status, code(&wrong)), (404, "not_found"));
    let plain = get("text").await;
    assert_eq!((plain.status, code(&plain)), (502, "upstream_unavailable"));
    app.finish().await;
}
