//! What the gateway does when services, or clients, do not behave.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use bytes::Bytes;
use futures_util::stream;
use gateway::routes::{Verb, all};
use gateway::settings::QuotaSettings;
use serde_json::json;

use crate::support::{code, sign_up, start, start_with};
use crate::upstream;

const WEBHOOK: &str = "/api/v1/integrations/webhooks/generic/0190a000-0000-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_service_is_told_and_the_others_go_on() {
    let app = start_with(|settings| settings.upstreams.processing = upstream::dead()).await;
    let ann = sign_up(&app, "ann").await;
    let answer = ann.get("/api/v1/rules").await;
    assert_eq!((answer.status, code(&answer)), (502, "upstream_unavailable"), "{answer:?}");
    assert_eq!(answer.body["error"]["context"], json!({"service": "processing"}));
    assert_eq!(ann.get("/api/v1/records").await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_service_is_waited_for_only_so_long() {
    let app = start_with(|settings| settings.proxy.answer_timeout_millis = 300).await;
    let ann = sign_up(&app, "ann").await;
    let answer = ann.get("/api/v1/records?mode=slow").await;
    assert_eq!((answer.status, code(&answer)), (504, "upstream_timeout"), "{answer:?}");
    assert_eq!(answer.body["error"]["context"]["service"], "ingestion");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_pass_up_to_the_calls_limit() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bearer = format!("Bearer {}", ann.token);
    let json = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for length in [0, 1, 60_000, 70_000, 1 << 20] {
        let answer = app.anonymous().send_raw("POST", WEBHOOK, &[], vec![b'x'; length]).await;
        assert_eq!((answer.status, &answer.body["data"]["bodyBytes"]), (200, &json!(length)), "{answer:?}");
    }
    let large = app.anonymous().send_raw("POST", "/api/v1/records/batch", &json, vec![b'x'; 8 << 20]).await;
    assert_eq!((large.status, &large.body["data"]["bodyBytes"]), (200, &json!(8 << 20)), "{large:?}");
    let too_large = app.anonymous().send_raw("POST", WEBHOOK, &[], vec![b'x'; (1 << 20) + 1]).await;
    assert_eq!((too_large.status, code(&too_large)), (413, "payload_too_large"));
    assert_eq!(too_large.body["error"]["context"]["limit"], 1 << 20);
    let local = app.anonymous().send_raw("POST", "/api/v1/auth/login", &json, vec![b' '; 20_000]).await;
    assert_eq!((local.status, code(&local)), (413, "payload_too_large"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_refuses_a_body_past_its_limit_before_it_comes() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let app = start_with(|settings| {
        let limits = &mut settings.rate_limits;
        for quota in [&mut limits.sign_in, &mut limits.sign_up, &mut limits.mail, &mut limits.transfer] {
            *quota = QuotaSettings::new(0, 1);
        }
    })
    .await;
    let ann = sign_up(&app, "ann").await;
    let address = app.base_url().trim_start_matches("http://").to_owned();
    let mut tried = 0;
    for route in all().filter(|route| matches!(route.verb, Verb::Post | Verb::Patch)) {
        let path: Vec<&str> = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "0190a000-0000-7000-8000-000000000000" } else { part })
            .collect();
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            route.verb.as_str(),
            path.join("/"),
            ann.token,
            route.body_limit + 1
        );
        // Only said, not sent.
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connects");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 413"), "{} {}: {answer}", route.verb.as_str(), route.path);
        assert!(answer.contains("payload_too_large") && answer.contains("traceId"), "{answer}");
        tried += 1;
    }
    assert!(tried > 60, "{tried} calls were tried");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_is_counted_on_its_way() {
    let app = start().await;
    let send = async |chunks: usize| {
        let body = stream::iter((0..chunks).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 64 << 10]))));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let url = format!("{}{WEBHOOK}", app.base_url());
        let answer = client.post(url).body(reqwest::Body::wrap_stream(body)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.expect("an envelope"))
    };
    let (status, body) = send(16).await;
    assert_eq!((status, &body["data"]["bodyBytes"]), (200, &json!(1 << 20)), "{body}");
    let (status, body) = send(17).await;
    assert_eq!((status, &body["error"]["code"]), (413, &json!("payload_too_large")), "{body}");

    let body = stream::iter((0..17).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 10]))));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let login = client.post(format!("{}/api/v1/auth/login", app.base_url())).header("content-type", "application/json");
    let answer = login.body(reqwest::Body::wrap_stream(body)).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 413);
    let body: serde_json::Value = answer.json().await.expect("an envelope");
    assert_eq!(body["error"]["context"]["limit"], 16 << 10, "the call's own limit: {body}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/api/v1/records?mode=cut", app.base_url());
    let answer = client.get(url).bearer_auth(&ann.token).send().await.expect("a beginning");
    assert!(answer.text().await.is_err(), "the connection breaks instead of ending well");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_closes_its_connections_costs_no_answer() {
    let url = impatient();
    let app = start_with(|settings| settings.upstreams.ingestion = url).await;
    for _ in 0..40 {
        let answer = app.anonymous().send("POST", WEBHOOK, &[], Some(json!({}))).await;
        assert_eq!((answer.status, &answer.body["data"]), (200, &json!({"n": 1})), "{answer:?}");
    }
    app.finish().await;
}

/// A server that closes each connection after one answer, without saying so.
fn impatient() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut seen = Vec::new();
            let mut buffer = [0; 4096];
            while !seen.ends_with(b"{}") {
                let read = stream.read(&mut buffer).unwrap_or_default();
                if read == 0 {
                    break;
                }
                seen.extend_from_slice(&buffer[..read]);
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"n\":1}";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_share_few_connections() {
    let app = start().await;
    let calls = (0..200).map(|_| {
        let client = app.anonymous();
        tokio::spawn(async move { client.send("POST", WEBHOOK, &[], Some(json!({"a": 1}))).await.status })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.expect("no panic"), 200);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_reaches_a_client_that_still_sends() {
    let app = start().await;
    let path = format!("{WEBHOOK}?mode=early");
    let answer = app.anonymous().send_raw("POST", &path, &[], vec![b'x'; 300_000]).await;
    assert_eq!((answer.status, code(&answer)), (409, "conflict"), "{answer:?}");
    app.finish().await;
}
