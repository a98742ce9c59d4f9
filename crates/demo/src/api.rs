//! The client of the gateway: signs in, unwraps the envelope, waits politely when asked to, explains failures.
//!
//! It knows how Verdict answers, but no resource; those shapes are in `model`.

mod answer;

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

pub(crate) use answer::Answer;

use crate::chance;
use crate::sign::Headers;

/// How long one call goes on trying while the gateway is away or asks to wait.
const PATIENCE: Duration = Duration::from_secs(90);
const PAGE: &str = "200";

/// Query parameters.
pub(crate) type Query<'a> = &'a [(&'a str, String)];

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Nobody yet: signing up.
    Nobody,
    /// A program with an API key.
    Key(String),
    /// A person; signed in at the first call, and again whenever the access token has run out.
    Person { email: String, password: String, tenant_id: Option<String> },
}

pub(crate) struct Api {
    http: Client,
    base: String,
    caller: Caller,
    token: Mutex<Option<String>>,
}

impl Api {
    /// A client of the gateway at an address such as `http://127.0.0.1:8080`.
    pub(crate) fn new(gateway: &str, caller: Caller) -> anyhow::Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(30))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { http, base: gateway.trim_end_matches('/').to_owned(), caller, token: Mutex::new(None) })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> anyhow::Result<T> {
        let what = format!("GET {path}");
        self.call(Method::GET, path, query, None).await?.success(&what)?.read(&what)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        let what = format!("POST {path}");
        self.call(Method::POST, path, &[], Some(body)).await?.success(&what)?.read(&what)
    }

    /// Every row of a list, page by page.
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> anyhow::Result<Vec<T>> {
        let what = format!("GET {path}");
        let mut rows = Vec::new();
        let mut cursor = None;
        loop {
            let mut page = query.to_vec();
            page.push(("limit", PAGE.to_owned()));
            page.extend(cursor.map(|cursor| ("cursor", cursor)));
            let answer = self.call(Method::GET, path, &page, None).await?.success(&what)?;
            cursor = answer.next_cursor.clone();
            rows.extend(answer.read::<Vec<T>>(&what)?);
            if cursor.is_none() {
                return Ok(rows);
            }
        }
    }

    /// One call whose answer may be a refusal. Tries again while the gateway is away, busy or asks to wait; the
    /// idempotency key makes that safe for calls that create.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        query: Query<'_>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let key = (method == Method::POST && !matches!(self.caller, Caller::Nobody)).then(chance::uuid);
        let deadline = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(100);
        let mut signed_in_again = false;
        loop {
            let token = self.token().await?;
            let mut request = self.http.request(method.clone(), self.url(path)).query(query);
            if let Some(token) = &token {
                request = request.bearer_auth(token);
            }
            if let Some(key) = &key {
                request = request.header("idempotency-key", key);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let wait = match self.send(request).await {
                Ok(answer) if answer.status == 401 && self.is_person() && !signed_in_again => {
                    signed_in_again = true;
                    *self.token.lock().await = None;
                    continue;
                }
                Ok(answer) if answer.may_be_tried_again() => answer.retry_after.unwrap_or(pause),
                Ok(answer) => return Ok(answer),
                Err(error) if Instant::now() + pause >= deadline => {
                    return Err(error).with_context(|| format!("{method} {path}: no answer from {}", self.base));
                }
                Err(_) => pause,
            };
            if Instant::now() + wait >= deadline {
                bail!("{method} {path}: the gateway has been busy or away for {} s", PATIENCE.as_secs());
            }
            sleep(wait).await;
            pause = (pause * 2).min(Duration::from_secs(3));
        }
    }

    /// Hands in a webhook once: no bearer, the signature headers speak for it. An error means that no answer came.
    pub(crate) async fn deliver(&self, path: &str, headers: &Headers, body: String) -> reqwest::Result<Answer> {
        let mut request = self.http.post(self.url(path)).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    fn is_person(&self) -> bool {
        matches!(self.caller, Caller::Person { .. })
    }

    async fn send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer::new(status, header, &response.bytes().await?))
    }

    async fn token(&self) -> anyhow::Result<Option<String>> {
        let (email, password, tenant_id) = match &self.caller {
            Caller::Nobody => return Ok(None),
            Caller::Key(key) => return Ok(Some(key.clone())),
            Caller::Person { email, password, tenant_id } => (email, password, tenant_id),
        };
        // Held while signing in, so that calls at the same time sign in once.
        let mut token = self.token.lock().await;
        if token.is_none() {
            *token = Some(self.sign_in(email, password, tenant_id.as_deref()).await?);
        }
        Ok(token.clone())
    }

    async fn sign_in(&self, email: &str, password: &str, tenant_id: Option<&str>) -> anyhow::Result<String> {
        let mut body = json!({"email": email, "password": password});
        if let Some(tenant_id) = tenant_id {
            body["tenantId"] = tenant_id.into();
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.send(self.http.post(self.url("/auth/login")).json(&body)).await {
                Ok(answer) if answer.may_be_tried_again() && Instant::now() < deadline => {
                    sleep(answer.retry_after.unwrap_or(Duration::from_millis(500))).await;
                }
                Ok(answer) => {
                    let data: Value = answer.success("POST /auth/login")?.read("POST /auth/login")?;
                    return data["accessToken"].as_str().map(ToOwned::to_owned).context("login gave no accessToken");
                }
                Err(error) if Instant::now() >= deadline => {
                    return Err(error).with_context(|| format!("cannot reach {}", self.base));
                }
                Err(_) => sleep(Duration::from_millis(500)).await,
            }
        }
    }
}
