//! A provider as a source's owner meets it: an OAuth 2.0 authorization server and an API with pages, on real HTTP.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

/// The client that the provider knows.
pub const CLIENT: &str = "verdict";
/// The client's secret, with characters that have to be escaped.
pub const SECRET: &str = "s3cret:with/odd chars";
const PAGE: usize = 2;

/// What the provider knows and was asked.
#[derive(Debug, Default)]
pub struct State {
    /// Codes with the challenge and redirect address that they were given for.
    codes: HashMap<String, (String, String)>,
    access: HashSet<String>,
    refresh: HashSet<String>,
    granted: usize,
    /// The API's items; a page has two.
    pub items: Vec<Value>,
    /// Seconds that a token is said to live.
    pub expires_in: Option<i64>,
    /// Statuses and headers with which the next calls of the API are answered instead.
    pub failures: VecDeque<(u16, String)>,
    /// Statuses and bodies with which the next calls for tokens are answered instead.
    pub token_failures: VecDeque<(u16, Value)>,
    /// Lets a call for a refresh wait until it is let go.
    pub held_refresh: Option<Arc<Notify>>,
    /// The cursors that pages were asked for by.
    pub asked: Vec<String>,
    /// How often tokens were refreshed, whether or not it was granted.
    pub refreshes: usize,
    /// A page whose answer waits until it is let go.
    pub held: Option<(String, Arc<Notify>)>,
}

/// The running provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its base URL.
    pub base: String,
    /// What it knows and does.
    pub state: Arc<Mutex<State>>,
}

impl Provider {
    /// Starts one whose API has so many items.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(items: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let items = (1..=items).map(|n| json!({"id": n, "title": format!("item {n}"), "text": format!("text {n}")}));
        let state = State { items: items.collect(), expires_in: Some(3_600), ..State::default() };
        let provider = Self { base, state: Arc::new(Mutex::new(state)) };
        let serving = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let provider = serving.clone();
                tokio::spawn(async move { provider.serve(stream).await });
            }
        });
        provider
    }

    /// A source's config for this provider.
    #[must_use]
    pub fn config(&self) -> Value {
        json!({
            "oauth2": {"authorizationUrl": format!("{}/authorize", self.base), "tokenUrl": format!("{}/token", self.base),
                "clientId": CLIENT, "scopes": ["items.read"]},
            "pull": {"url": format!("{}/items", self.base), "nextPath": "$.next", "nextParam": "after"},
        })
    }

    /// What the browser does: the person agrees, and the provider redirects. Returns the code and the state.
    ///
    /// # Panics
    /// When the address asks for something else than it should.
    #[must_use]
    pub fn agree(&self, authorization_url: &str) -> (String, String) {
        let url = Url::parse(authorization_url).expect("a URL");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((query["response_type"].as_str(), query["client_id"].as_str()), ("code", CLIENT));
        assert_eq!((query["code_challenge_method"].as_str(), query["scope"].as_str()), ("S256", "items.read"));
        let mut state = self.state.lock().expect("not poisoned");
        state.granted += 1;
        let code = format!("code-{}", state.granted);
        state.codes.insert(code.clone(), (query["code_challenge"].clone(), query["redirect_uri"].clone()));
        (code, query["state"].clone())
    }

    /// Takes every token back.
    ///
    /// # Panics
    /// When a test panicked with the state locked.
    pub fn revoke(&self) {
        let mut state = self.state.lock().expect("not poisoned");
        state.access.clear();
        state.refresh.clear();
    }

    async fn serve(&self, mut stream: TcpStream) {
        let Some((head, body)) = read(&mut stream).await else { return };
        let mut lines = head.lines();
        let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let url = Url::parse("http://x").and_then(|base| base.join(&target)).expect("a target");
        let authorization = headers.get("authorization").cloned().unwrap_or_default();
        let (status, extra, answer) = match url.path() {
            "/token" => self.token(&authorization, &body).await,
            "/items" => self.page(&authorization, &url).await,
            _ => (404, String::new(), json!({})),
        };
        let answer = answer.to_string();
        let text = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{extra}content-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        // A client that gave up closes the connection under the answer.
        drop(stream.write_all(text.as_bytes()).await);
    }

    async fn token(&self, authorization: &str, body: &str) -> (u16, String, Value) {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(SECRET))));
        if authorization != expected {
            return (401, String::new(), json!({"error": "invalid_client"}));
        }
        let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let of = |name: &str| form.get(name).cloned().unwrap_or_default();
        let is_refresh = of("grant_type") == "refresh_token";
        let held = self.state.lock().expect("not poisoned").held_refresh.take_if(|_| is_refresh);
        if let Some(notify) = held {
            notify.notified().await;
        }
        let mut state = self.state.lock().expect("not poisoned");
        if let Some((status, answer)) = state.token_failures.pop_front() {
            return (status, String::new(), answer);
        }
        let granted = match of("grant_type").as_str() {
            "authorization_code" => {
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier")));
                state.codes.remove(&of("code")) == Some((challenge, of("redirect_uri")))
            }
            "refresh_token" => {
                state.refreshes += 1;
                // Good for one use.
                state.refresh.remove(&of("refresh_token"))
            }
            _ => false,
        };
        if !granted {
            return (
                400,
                String::new(),
                json!({"error": "invalid_grant", "error_description": "it is not good any more"}),
            );
        }
        state.granted += 1;
        let (access, refresh) = (format!("access-{}", state.granted), format!("refresh-{}", state.granted));
        state.access.insert(access.clone());
        state.refresh.insert(refresh.clone());
        let answer = json!({"access_token": access, "token_type": "Bearer", "refresh_token": refresh,
            "expires_in": state.expires_in, "scope": "items.read"});
        (200, String::new(), answer)
    }

    async fn page(&self, authorization: &str, url: &Url) -> (u16, String, Value) {
        let after =
            url.query_pairs().find(|(name, _)| name == "after").map_or_else(String::new, |(_, value)| value.into());
        let held = {
            let mut state = self.state.lock().expect("not poisoned");
            let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
            if !state.access.contains(token) {
                return (401, String::new(), json!({"error": "invalid_token"}));
            }
            state.asked.push(after.clone());
            if let Some((status, header)) = state.failures.pop_front() {
                return (status, header, json!({}));
            }
            state.held.take_if(|(cursor, _)| *cursor == after)
        };
        if let Some((_, notify)) = held {
            notify.notified().await;
        }
        let state = self.state.lock().expect("not poisoned");
        let from: usize = after.parse().unwrap_or(0);
        let items: Vec<Value> = state.items.iter().skip(from).take(PAGE).cloned().collect();
        let end = from + items.len();
        (200, String::new(), json!({"items": items, "next": (end < state.items.len()).then(|| end.to_string())}))
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => request.extend_from_slice(&part[..count]),
        }
    }
}
