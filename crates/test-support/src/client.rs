//! A client that speaks to a service as the gateway does.

use common::{Clock as _, Identity, SystemClock};
use reqwest::Method;
use serde_json::Value;
use web::{IDENTITY_HEADER, InternalSigner};

/// Sends requests, with a signed identity or none.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) identity: Option<(InternalSigner, Identity)>,
}

/// A service's answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as JSON; a text that is no JSON is a JSON string, an empty one null.
    pub body: Value,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The cursor of the next page, as the gateway would put it into `meta`.
    #[must_use]
    pub fn next_cursor(&self) -> Option<&str> {
        self.header(web::NEXT_CURSOR_HEADER).filter(|cursor| !cursor.is_empty())
    }
}

impl Client {
    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    /// POST with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    /// PATCH with JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, &[], Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    /// Any method, with headers and a JSON body.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let bytes = body.map(|body| body.to_string().into_bytes());
        let mut headers = headers.to_vec();
        if bytes.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type", "application/json"));
        }
        self.send_raw(method, path, &headers, bytes.unwrap_or_default()).await
    }

    /// Any method, with headers and bytes as they are.
    ///
    /// # Panics
    /// When the service does not answer.
    pub async fn send_raw(&self, method: &str, path: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base)).body(bytes);
        if let Some((signer, identity)) = &self.identity {
            request = request.header(IDENTITY_HEADER, &*signer.sign(identity, SystemClock.now()));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("the service answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("the body arrives");
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        Answer { status, headers, body }
    }
}
