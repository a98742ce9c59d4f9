//! What the service refuses, and how.

use base64::Engine as _;
use common::{Role, TenantId};

use crate::support::start;

#[tokio::test(flavor = "multi_thread")]
async fn bad_queries_are_told_what_is_wrong() {
    let app = start().await;
    let analyst = app.caller(TenantId::generate(), Role::Analyst);
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let long = "x".repeat(200);
    let many = vec!["A"; 51].join(",");
    let events = [
        "limit=0".to_owned(),
        "limit=201".into(),
        "limit=-1".into(),
        "limit=99999999999999999999".into(),
        "limit=ten".into(),
        "cursor=".into(),
        "cursor=%3F%3F".into(),
        "cursor=abc".into(),
        format!("cursor={}", encode("-1")),
        format!("cursor={}", encode("1.5")),
        format!("cursor={}", encode("\"1\"")),
        format!("cursor={}", encode("[1,2]")),
        format!("cursor={}", encode("9223372036854775808")),
        format!("cursor={}", encode("99999999999999999999999")),
        "type=".into(),
        "type=approved".into(),
        "type=APPROVED,,CLASSIFIED".into(),
        "type=A;DROP".into(),
        format!("type={many}"),
        "type=A&type=B".into(),
        "from=yesterday".into(),
        "from=2026-03-01".into(),
        "from=0001-01-01T00:00:00Z".into(),
        "to=%2B99999-01-01T00:00:00Z".into(),
        "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z".into(),
        format!("sourceAgent={long}"),
        "sourceAgent=".into(),
        "sourceAgent=a%00b".into(),
        format!("subjectId={long}"),
        "colour=red".into(),
    ];
    let summaries = [
        "from=yesterday".to_owned(),
        "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z".into(),
        "from=0001-01-01T00:00:00Z".into(),
        "to=%2B99999-01-01T00:00:00Z".into(),
        "interval=minute".into(),
        "interval=".into(),
        "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&interval=hour".into(),
        "from=1970-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&interval=week".into(),
        "colour=red".into(),
    ];
    let paths = events.iter().map(|query| format!("/api/v1/events?{query}"));
    let paths = paths.chain(summaries.iter().map(|query| format!("/api/v1/reports/summary?{query}")));
    for path in paths {
        let answer = analyst.get(&path).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert_eq!(answer.body["code"], "invalid_request", "{path}");
        assert!(answer.body["message"].as_str().is_some_and(|message| message.len() > 10), "{path}: {answer:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_from_beyond_the_end_waits_there() {
    let app = start().await;
    let analyst = app.caller(TenantId::generate(), Role::Analyst);
    let cursor = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(i64::MAX.to_string());
    let answer = analyst.get(&format!("/api/v1/events?cursor={cursor}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.next_cursor(), Some(cursor.as_str()));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_read_only() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    for path in ["/api/v1/events", "/api/v1/reports/summary"] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
            let answer = owner.send(method, path, &[], None).await;
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
            assert_eq!(answer.body["code"], "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET"));
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_an_identity_see_nothing() {
    let app = start().await;
    let forged = [("x-verdict-identity", "eyJhbGciOiJub25lIn0.e30.")];
    for path in ["/api/v1/events", "/api/v1/reports/summary"] {
        for headers in [&[][..], &forged[..]] {
            let answer = app.anonymous().send("GET", path, headers, None).await;
            assert_eq!(answer.status, 401, "{path}: {answer:?}");
            assert_eq!(answer.body["code"], "unauthenticated");
        }
    }
    assert_eq!(app.anonymous().get("/api/v1/nothing").await.status, 404);
    app.finish().await;
}
