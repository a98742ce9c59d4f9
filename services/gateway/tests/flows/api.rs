//! A tenant's client: speaks to the gateway only, and knows the contract only.

use std::sync::atomic::{AtomicU64, Ordering};

use common::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{sign, wait_until};

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A client with or without a credential.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// An answer in its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) trace_id: String,
}

impl Answer {
    /// The data of an answer with the expected status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body["data"].clone()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

/// A source that signs by Standard Webhooks.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) secret: String,
}

impl Api {
    pub(crate) fn new(base: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, base, token: None }
    }

    /// Signs a new owner up in a new tenant.
    pub(crate) async fn sign_up(&self, tenant: &str) -> Self {
        let n = COUNTER.fetch_add(1, Ordering::Relaxed);
        let body = json!({
            "email": format!("owner{n}@{tenant}.example"),
            "password": "a long enough passphrase",
            "name": "Olga Owner",
            "tenantName": tenant,
        });
        let data = self.post("/auth/signup", body).await.expect(201);
        Self { token: Some(data["accessToken"].as_str().expect("a token").to_owned()), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send_json(Method::POST, path, &body).await
    }

    pub(crate) async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json".to_owned())];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Answer {
        self.try_send(method, path, headers, body).await.expect("the gateway answers")
    }

    /// Sends a body as it comes.
    pub(crate) async fn stream(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: reqwest::Body,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.post(format!("{}/api/v1{path}", self.base)).body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok(Answer { status, body, trace_id: String::new() })
    }

    async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base)).body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let trace_id =
            answer.headers().get("x-trace-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok(Answer { status, body, trace_id })
    }

    /// Makes labels and a rule that decides texts with "refund".
    pub(crate) async fn prepare(&self) {
        for name in ["refund", "complaint"] {
            self.post("/labels", json!({"name": name, "description": format!("About a {name}."), "examples": []}))
                .await
                .expect(201);
        }
        let rule = json!({
            "name": "refunds",
            "condition": "record.text.contains(\"refund\")",
            "label": "refund",
            "priority": 10,
        });
        self.post("/rules", rule).await.expect(201);
    }

    pub(crate) async fn connect_source(&self, name: &str) -> Source {
        let made = self.post("/integrations", json!({"provider": "standard-webhooks", "name": name})).await.expect(201);
        let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).expect("present").to_owned();
        let url = text("/webhook/url");
        let path = url.split_once("/api/v1").expect("a path of the API").1.to_owned();
        Source { id: text("/id"), path, secret: text("/webhook/secret") }
    }

    /// Delivers a signed text; `delivery` is the sender's id for it.
    pub(crate) async fn deliver(&self, source: &Source, delivery: &str, text: &str) -> Answer {
        self.try_deliver(source, delivery, text).await.expect("the gateway answers")
    }

    pub(crate) async fn try_deliver(&self, source: &Source, delivery: &str, text: &str) -> reqwest::Result<Answer> {
        let body = json!({"id": delivery, "text": text}).to_string().into_bytes();
        let mut headers =
            sign::standard_webhook(&source.secret, delivery, SystemClock.now().timestamp(), &body).to_vec();
        headers.push(("content-type", "application/json".to_owned()));
        let anonymous = Self { token: None, ..self.clone() };
        anonymous.try_send(Method::POST, &source.path, &headers, body).await
    }

    /// Waits until the record has one of the states.
    pub(crate) async fn wait_for_status(&self, record: &str, wanted: &[&str]) -> Value {
        wait_until(&format!("record {record} is {wanted:?}"), async || {
            let answer = self.get(&format!("/records/{record}")).await;
            let status = answer.body.pointer("/data/status").and_then(Value::as_str)?;
            wanted.contains(&status).then(|| answer.body["data"].clone())
        })
        .await
    }

    /// Follows the feed from its beginning to its present end.
    pub(crate) async fn feed(&self) -> Vec<Value> {
        let (mut events, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("/events?limit=200{cursor}")).await;
            let next = answer.body.pointer("/meta/nextCursor").and_then(Value::as_str).map(str::to_owned);
            let page = answer.expect(200);
            let page = page.as_array().expect("a list");
            events.extend(page.iter().cloned());
            if page.is_empty() {
                return events;
            }
            cursor = format!("&cursor={}", next.expect("the feed always gives a cursor"));
        }
    }

    /// Waits until the feed holds something.
    pub(crate) async fn wait_for_feed(&self, what: &str, found: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        wait_until(&format!("the feed holds {what}"), async || {
            let events = self.feed().await;
            found(&events).then_some(events)
        })
        .await
    }
}

/// How many events are of that type and about that subject.
pub(crate) fn count(events: &[Value], kind: &str, subject: &str) -> usize {
    events.iter().filter(|event| event["type"] == kind && event["subject"]["id"] == subject).count()
}

/// Asserts what must hold of any tenant's feed: ids unique, positions 1, 2, 3, …
pub(crate) fn assert_feed_is_exact(events: &[Value]) {
    let mut ids: Vec<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len(), "an event is in the feed twice");
    let positions: Vec<u64> = events.iter().filter_map(|event| event["position"].as_u64()).collect();
    assert_eq!(positions, (1..=events.len() as u64).collect::<Vec<_>>(), "positions have gaps or are out of order");
}
