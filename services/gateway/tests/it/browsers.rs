//! What browsers and probes send besides the calls: HEAD, and preflights of web clients.

use test_support::TestApp;

use crate::support::{code, sign_up, start, start_with};

const APP: &str = "https://app.example.com";

async fn preflight(app: &TestApp, origin: &str) -> test_support::Answer {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    app.anonymous().send("OPTIONS", "/api/v1/auth/login", &headers, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_like_get_without_a_body() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    for path in ["/api/v1/auth/me", "/api/v1/records", "/health/live", "/api/v1/openapi.json"] {
        let (head, get) = (ann.send("HEAD", path, &[], None).await, ann.get(path).await);
        assert_eq!((head.status, get.status), (200, 200), "{path}");
        assert!(head.body.is_null() && !get.body.is_null(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    assert_eq!(app.anonymous().send("HEAD", "/api/v1/auth/me", &[], None).await.status, 401);
    assert_eq!(app.anonymous().send("HEAD", "/api/v1/nothing", &[], None).await.status, 404);
    let other = ann.send("HEAD", "/api/v1/auth/login", &[], None).await;
    assert_eq!((other.status, other.header("allow")), (405, Some("POST")));
    let other = ann.send("PATCH", "/api/v1/auth/me", &[], None).await;
    assert_eq!((other.status, other.header("allow")), (405, Some("GET, HEAD")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_origins_may_call_from_browsers() {
    let app = start_with(|settings| settings.cors.allowed_origins = format!("https://b.example.com, {APP}")).await;
    let asked = preflight(&app, APP).await;
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (204, Some(APP)), "{asked:?}");
    assert!(asked.header("access-control-allow-headers").is_some_and(|names| names.contains("authorization")));
    assert!(asked.header("access-control-allow-credentials").is_none());
    for stranger in ["https://evil.example.com", "null", "https://app.example.com.evil.example"] {
        let refused = preflight(&app, stranger).await;
        assert_eq!((refused.status, code(&refused)), (405, "method_not_allowed"), "{stranger}");
        assert!(refused.header("access-control-allow-origin").is_none(), "{stranger}");
    }
    let me = app.anonymous().send("GET", "/api/v1/auth/me", &[("origin", APP)], None).await;
    assert_eq!((me.status, me.header("access-control-allow-origin")), (401, Some(APP)), "errors are shown too");
    assert_eq!(me.header("vary"), Some("origin"));
    app.finish().await;

    let app = start().await;
    assert_eq!(preflight(&app, APP).await.status, 405, "nobody is listed by default");
    let me = app.anonymous().send("GET", "/api/v1/auth/me", &[("origin", APP)], None).await;
    assert!(me.header("access-control-allow-origin").is_none() && me.header("vary").is_none());
    app.finish().await;
}
