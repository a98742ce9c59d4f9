//! HTTP by hand, one request a connection: so that an answer can also be late, cut, too long, or a reset.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{MODEL_SECRET, ModelFault, State, batches, chat, lock};

/// A call as it came in.
#[derive(Clone, Debug)]
pub struct SeenCall {
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Its headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// Its body as JSON; null when it is something else.
    pub body: Value,
    /// Its body.
    pub raw: Vec<u8>,
}

/// An answer as it goes out.
pub(crate) struct Reply {
    status: u16,
    kind: &'static str,
    header: Option<(&'static str, String)>,
    body: Vec<u8>,
    /// So many bytes more are promised than sent.
    missing: usize,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind, header: None, body: body.into(), missing: 0 }
    }

    /// Its status and its body as JSON.
    pub(crate) fn into_parts(self) -> (u16, Value) {
        (self.status, serde_json::from_slice(&self.body).unwrap_or_default())
    }

    /// A refusal as OpenAI writes it.
    pub(crate) fn refused(param: &str, message: &str) -> Self {
        let error = json!({ "message": message, "type": "invalid_request_error", "param": param, "code": null });
        Self::json(400, &json!({ "error": error }))
    }
}

pub(crate) async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&state)));
    }
}

async fn answer(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(call) = read(&mut stream).await else { return };
    let (fault, delay) = {
        let mut state = lock(&state);
        state.seen.push(call.clone());
        state.calls.send_modify(|count| *count += 1);
        state.under_way += 1;
        state.most_under_way = state.most_under_way.max(state.under_way);
        let fault = state.script.pop_front().or_else(|| state.always.clone());
        (fault, state.traits.delay)
    };
    tokio::time::sleep(delay).await;
    let reply = match &fault {
        Some(ModelFault::Hang) => {
            // Until the client hangs up.
            drop(stream.read(&mut [0; 1]).await);
            None
        }
        Some(ModelFault::Reset) => {
            drop(stream.set_zero_linger());
            None
        }
        fault => Some(fault.as_ref().and_then(broken).unwrap_or_else(|| well(&state, &call, fault.as_ref()))),
    };
    lock(&state).under_way -= 1;
    if let Some(reply) = reply {
        write(&mut stream, reply).await;
    }
}

/// The answers that need no request.
fn broken(fault: &ModelFault) -> Option<Reply> {
    let limited = |code: Value| {
        Reply::json(
            429,
            &json!({ "error": { "message": MODEL_SECRET, "type": "requests", "param": null, "code": code } }),
        )
    };
    Some(match fault {
        ModelFault::RateLimited(header) => Reply { header: header.clone(), ..limited("rate_limit_exceeded".into()) },
        ModelFault::RateLimitedHtml => Reply::new(429, "text/html", format!("<html>{MODEL_SECRET}</html>")),
        ModelFault::RateLimitedIntegerCode => limited(429.into()),
        ModelFault::RateLimitedAzure => {
            Reply::json(429, &json!({ "error": { "code": "429", "message": MODEL_SECRET } }))
        }
        ModelFault::QuotaUsedUp => limited("insufficient_quota".into()),
        ModelFault::Status(status) => Reply::new(*status, "text/plain", MODEL_SECRET),
        ModelFault::CutJson => {
            Reply::new(200, "application/json", format!("{{\"choices\":[{{\"message\":\"{MODEL_SECRET}"))
        }
        ModelFault::CutBody => Reply { missing: 100, ..Reply::new(200, "application/json", "{\"choices\":[") },
        ModelFault::Html => Reply::new(200, "text/html", format!("<html>{MODEL_SECRET}</html>")),
        ModelFault::NoChoices => Reply::json(200, &json!({ "choices": [], "note": MODEL_SECRET })),
        ModelFault::Huge(bytes) => Reply::json(200, &json!({ "choices": [], "note": "x".repeat(*bytes) })),
        _ => return None,
    })
}

fn well(state: &Mutex<State>, call: &SeenCall, fault: Option<&ModelFault>) -> Reply {
    let path = call.path.split('?').next().unwrap_or_default();
    let mut state = lock(state);
    match (call.method.as_str(), path.strip_prefix("/v1").unwrap_or(path)) {
        ("POST", "/chat/completions") => chat::complete(&state, &call.body, fault),
        ("POST", "/embeddings") => chat::embed(&state, &call.body),
        (method, path) if path.starts_with("/files") || path.starts_with("/batches") => {
            batches::answer(&mut state, method, path, call)
        }
        _ => Reply::json(404, &json!({ "error": { "message": "no such path" } })),
    }
}

async fn read(stream: &mut TcpStream) -> Option<SeenCall> {
    let mut bytes = Vec::new();
    let mut part = vec![0; 16_384];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<_, _> =
        lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut raw = bytes.split_off(head_end + 4);
    while raw.len() < length {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => raw.extend_from_slice(&part[..read]),
        }
    }
    let body = serde_json::from_slice(&raw).unwrap_or_default();
    Some(SeenCall { method, path, headers, body, raw })
}

async fn write(stream: &mut TcpStream, reply: Reply) {
    let Reply { status, kind, header, body, missing } = reply;
    let length = body.len() + missing;
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{header}connection: close\r\n\r\n"
    );
    // A client that gives up closes the connection under the answer.
    drop(stream.write_all(head.as_bytes()).await);
    drop(stream.write_all(&body).await);
    drop(stream.shutdown().await);
    // Closing with bytes of the client's unread would reset the connection and lose the answer.
    drop(tokio::time::timeout(Duration::from_secs(1), stream.read(&mut [0; 1])).await);
}
