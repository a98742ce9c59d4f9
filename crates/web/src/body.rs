//! Request bodies: read up to a limit, parsed with the place of each fault, checked.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use common::{ErrorCode, Violation};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{ApiError, Idempotency, Limits};

/// How long a whole body may take to arrive; who sends slower only holds a connection.
const PATIENCE: Duration = Duration::from_secs(15);

/// A request body that can say what is wrong with it.
pub trait Check {
    /// Whether the body is a JSON array. serde would also take one for an object, field by field in order.
    const IS_ARRAY: bool = false;

    /// Everything that types alone cannot refuse.
    fn check(&self) -> Vec<Violation> {
        Vec::new()
    }
}

/// A JSON body, parsed and checked, with the request's idempotency key.
#[derive(Debug)]
pub struct Body<T> {
    /// The content.
    pub content: T,
    /// The request's `Idempotency-Key` over this body, if it has one.
    pub idempotency: Idempotency,
}

/// A body that may be left out entirely, for acts such as approve: no body means `{}`.
#[derive(Debug)]
pub struct Lenient<T> {
    /// The content.
    pub content: T,
    /// The request's `Idempotency-Key` over this body, if it has one.
    pub idempotency: Idempotency,
}

impl<T: DeserializeOwned + Check + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_limited(&request, payload).await?;
            require_json(&request)?;
            let content = parse_json(&bytes)?;
            Ok(Self { content, idempotency: Idempotency::read(&request, &bytes)? })
        })
    }
}

impl<T: DeserializeOwned + Check + 'static> FromRequest for Lenient<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_limited(&request, payload).await?;
            let content = if bytes.is_empty() {
                parse_json(b"{}")?
            } else {
                require_json(&request)?;
                parse_json(&bytes)?
            };
            Ok(Self { content, idempotency: Idempotency::read(&request, &bytes)? })
        })
    }
}

/// Reads the whole body, up to the service's limit and within fifteen seconds.
///
/// # Errors
/// 413 past the limit; 400 when the connection breaks in the middle or the body takes too long.
pub async fn read_limited(request: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    read_within(PATIENCE, request, payload).await
}

async fn read_within(patience: Duration, request: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    let late = || ApiError::invalid_request("The body did not arrive in time.");
    tokio::time::timeout(patience, read(request, payload)).await.unwrap_or_else(|_| Err(late()))
}

async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, ApiError> {
    // A limit of this call goes before the server's.
    let own = request.extensions().get::<Limits>().copied();
    let limits = own.or_else(|| request.app_data::<web::Data<Limits>>().map(|limits| *limits.get_ref()));
    let limit = limits.unwrap_or_default().body_bytes;
    let too_large = || ApiError::new(ErrorCode::PayloadTooLarge).with("limit", limit);
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| ApiError::invalid_request("The body ended early.").because(error))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn require_json(request: &HttpRequest) -> Result<(), ApiError> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("Content-Type is {given:?}; send application/json.");
    Err(ApiError::new(ErrorCode::UnsupportedMediaType).message(message).with("accepted", vec!["application/json"]))
}

/// Parses and checks one JSON text, for handlers that read their body themselves.
///
/// # Errors
/// 400 when it is not JSON; 422 when it is not of that shape or breaks a rule.
pub fn parse_json<T: DeserializeOwned + Check>(bytes: &[u8]) -> Result<T, ApiError> {
    if !T::IS_ARRAY && bytes.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|error| refuse("", &error, false))?;
        return Err(ApiError::validation(&[Violation::new("$", "type", "must be a JSON object, not an array")]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let content: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // serde_json calls a wrong type in the place of an enum a fault of the syntax.
        let is_json =
            std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
        refuse(&path, error.inner(), is_json)
    })?;
    deserializer.end().map_err(|error| refuse("", &error, false))?;
    let mut violations = content.check();
    if has_nul_escape(bytes) && !violations.iter().any(|violation| violation.rule == "no_nul") {
        violations.push(Violation::new("$", "no_nul", "must not contain the NUL character \\u0000; remove it"));
    }
    if violations.is_empty() { Ok(content) } else { Err(ApiError::validation(&violations)) }
}

fn refuse(path: &str, error: &serde_json::Error, is_json: bool) -> ApiError {
    match error.classify() {
        Category::Syntax if is_json => fault(path, "type", "is not of the expected type"),
        Category::Data => {
            let text = error.to_string();
            let rule = if text.starts_with("unknown field") {
                "unknown_field"
            } else if text.starts_with("missing field") {
                "required"
            } else {
                "type"
            };
            let message = text.split(" at line ").next().unwrap_or_default().to_owned();
            fault(path, rule, &message)
        }
        Category::Io | Category::Syntax | Category::Eof => {
            ApiError::invalid_request(format!("The body is not valid JSON: {error}."))
                .with("line", error.line())
                .with("column", error.column())
        }
    }
}

fn fault(path: &str, rule: &str, message: &str) -> ApiError {
    let path = if path == "." { "$" } else { path };
    ApiError::validation(&[Violation::new(path, rule, message)])
}

/// Whether a JSON text holds the escape of NUL, which PostgreSQL's text cannot store.
fn has_nul_escape(bytes: &[u8]) -> bool {
    const ESCAPE: &[u8] = b"\\u0000";
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(ESCAPE.len()).position(|window| window == ESCAPE) {
        let start = at + found;
        let backslashes = bytes[..start].iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return true;
        }
        at = start + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::error::PayloadError;
    use futures_util::stream::LocalBoxStream;
    use serde::Deserialize;

    type BoxedPayloadStream = LocalBoxStream<'static, Result<Bytes, PayloadError>>;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[serde(rename = "count")]
        _count: u8,
        #[serde(default, rename = "colour")]
        _colour: Option<Vec<Colour>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
    }
    impl Check for Thing {}

    #[test]
    fn faults_are_told_apart() {
        let code = |text: &str| {
            let error = parse_json::<Thing>(text.as_bytes()).expect_err(text);
            let rule = error.body().context.get("fields").map(|fields| fields[0]["rule"].to_string());
            (error.code().as_str(), rule.unwrap_or_default())
        };
        assert_eq!(code("{"), ("invalid_request", String::new()));
        assert_eq!(code("{\"count\":1} x"), ("invalid_request", String::new()));
        assert_eq!(code("{}"), ("validation_failed", "\"required\"".into()));
        assert_eq!(code("{\"count\":1,\"more\":2}"), ("validation_failed", "\"unknown_field\"".into()));
        assert_eq!(code("{\"count\":256}"), ("validation_failed", "\"type\"".into()));
        assert_eq!(code("[]"), ("validation_failed", "\"type\"".into()));
        assert_eq!(code(" [1]"), ("validation_failed", "\"type\"".into()), "not taken field by field");
        assert_eq!(code("[1"), ("invalid_request", String::new()));
        assert_eq!(code("{\"count\":1,\"colour\":[null]}"), ("validation_failed", "\"type\"".into()));
        assert_eq!(code("{\"count\":1,\"colour\":[nul]}"), ("invalid_request", String::new()));
        assert!(parse_json::<Thing>(b"{\"count\":1,\"colour\":[\"red\"]}").is_ok());
    }

    #[actix_web::test]
    async fn a_body_that_never_ends_is_given_up() {
        let request = actix_web::test::TestRequest::default().to_http_request();
        let first = futures_util::stream::iter([Ok(Bytes::from_static(b"{"))]);
        let payload = Payload::from(Box::pin(first.chain(futures_util::stream::pending())) as BoxedPayloadStream);
        let error = read_within(Duration::from_millis(10), &request, payload).await.expect_err("never ends");
        assert_eq!(error.code(), ErrorCode::InvalidRequest);
        assert_eq!(error.body().message, "The body did not arrive in time.");
    }

    #[test]
    fn nul_is_found_only_as_an_escape_of_its_own() {
        assert!(has_nul_escape(br#""\u0000""#));
        assert!(!has_nul_escape(br#""\\u0000""#));
        assert!(has_nul_escape(br#""\\\u0000""#));
        assert!(has_nul_escape(br#""\\u0000 \u0000""#));
        assert!(!has_nul_escape(b"u0000"));
    }
}
