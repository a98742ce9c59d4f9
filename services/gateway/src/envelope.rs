//! The one form of every JSON answer: `{"data": …, "error": …, "meta": …}`. Made here and nowhere else, around
//! bytes that are not read.

use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, ResponseError as _};
use bytes::{BufMut as _, Bytes, BytesMut};
use common::ErrorCode;
use common::error_code::ErrorBody;
use common::trace::TraceContext;
use web::{ApiError, NEXT_CURSOR_HEADER};

/// Set by an answer that is to go out as it is: a file, a stream, a document with a form of its own.
pub(crate) const BARE: (&str, &str) = ("x-verdict-envelope", "none");
const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Browsers take an answer for what it says it is.
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// Our own answers are tokens, keys and people's data.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Which of the two places the bytes take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `data`.
    Data,
    /// `error`.
    Error,
}

/// What goes into `meta`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta<'a> {
    /// The request's trace.
    pub trace: TraceContext,
    /// The cursor header of a list: empty at its end.
    pub next_cursor: Option<&'a str>,
}

impl Place {
    /// The place for an answer of that status.
    pub(crate) fn of(status: StatusCode) -> Self {
        if status.is_client_error() || status.is_server_error() { Self::Error } else { Self::Data }
    }

    /// What stands before the bytes.
    pub(crate) const fn before(self) -> &'static [u8] {
        match self {
            Self::Data => b"{\"data\":",
            Self::Error => b"{\"data\":null,\"error\":",
        }
    }

    /// What stands behind them.
    pub(crate) fn after(self, meta: Meta<'_>) -> Bytes {
        let mut after = BytesMut::with_capacity(96 + meta.next_cursor.map_or(0, |cursor| cursor.len() + 24));
        self.put_after(meta, &mut after);
        after.freeze()
    }

    fn put_after(self, meta: Meta<'_>, out: &mut BytesMut) {
        if self == Self::Data {
            out.put_slice(b",\"error\":null");
        }
        out.put_slice(b",\"meta\":{\"traceId\":\"");
        out.put_slice(&trace_id(meta.trace));
        out.put_u8(b'"');
        match meta.next_cursor {
            None => {}
            Some("") => out.put_slice(b",\"nextCursor\":null"),
            Some(cursor) => {
                out.put_slice(b",\"nextCursor\":");
                // Cursors are URL-safe text, but that is their maker's promise, not ours.
                out.put_slice(serde_json::Value::from(cursor).to_string().as_bytes());
            }
        }
        out.put_slice(b"}}");
    }

    /// A whole envelope.
    pub(crate) fn wrap(self, body: &[u8], meta: Meta<'_>) -> Bytes {
        let cursor = meta.next_cursor.map_or(0, |cursor| cursor.len() + 24);
        let mut out = BytesMut::with_capacity(self.before().len() + body.len() + 96 + cursor);
        out.put_slice(self.before());
        out.put_slice(if body.is_empty() { b"null" } else { body });
        self.put_after(meta, &mut out);
        out.freeze()
    }
}

/// 32 hexadecimal digits.
fn trace_id(trace: TraceContext) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(trace.trace_id.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// Sets the headers that every answer has; one in an envelope is JSON.
pub(crate) fn sign(headers: &mut HeaderMap, trace: TraceContext, enveloped: bool) {
    headers.insert(TRACE_ID, HeaderValue::from_bytes(&trace_id(trace)).expect("hexadecimal digits"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    if enveloped {
        headers.insert(CONTENT_TYPE, JSON);
    }
}

/// No content is an answer with a body here, whose data is null.
pub(crate) fn status_of(status: StatusCode) -> StatusCode {
    if status == StatusCode::NO_CONTENT { StatusCode::OK } else { status }
}

/// An error of the gateway's own.
pub(crate) fn refuse(error: &ApiError, trace: TraceContext) -> HttpResponse {
    seal(error.error_response(), trace)
}

/// Puts an answer of the gateway's own handlers into the envelope.
pub(crate) fn seal(answer: HttpResponse, trace: TraceContext) -> HttpResponse {
    let (mut answer, body) = answer.into_parts();
    let headers = answer.headers_mut();
    let is_bare = headers.remove(BARE.0).next().is_some();
    let cursor = headers.remove(NEXT_CURSOR_HEADER).next();
    sign(headers, trace, !is_bare);
    if is_bare {
        return answer.set_body(body);
    }
    headers.insert(CACHE_CONTROL, NO_STORE);
    let status = answer.status();
    let place = Place::of(status);
    let meta = Meta { trace, next_cursor: cursor.as_ref().and_then(|cursor| cursor.to_str().ok()) };
    *answer.status_mut() = status_of(status);
    // Our handlers answer with text that is there already; a stream would have to be bare.
    let body = body.try_into_bytes().unwrap_or_default();
    let body = match place {
        Place::Error if !is_error_body(&body) => error_for(status),
        Place::Error | Place::Data => body,
    };
    answer.set_body(BoxBody::new(place.wrap(&body, meta)))
}

/// Whether the bytes are an error as services and handlers tell it.
pub(crate) fn is_error_body(body: &[u8]) -> bool {
    serde_json::from_slice::<ErrorBody>(body).is_ok()
}

/// The error for an answer that has a status and says nothing that we understand.
pub(crate) fn error_for(status: StatusCode) -> Bytes {
    let body = ApiError::new(code_for(status)).body();
    serde_json::to_vec(&body).expect("an error is plain JSON").into()
}

/// The code that says the most about a bare status.
pub(crate) fn code_for(status: StatusCode) -> ErrorCode {
    match status.as_u16() {
        401 => ErrorCode::Unauthenticated,
        403 => ErrorCode::Forbidden,
        404 => ErrorCode::NotFound,
        405 => ErrorCode::MethodNotAllowed,
        409 => ErrorCode::Conflict,
        412 => ErrorCode::VersionConflict,
        413 => ErrorCode::PayloadTooLarge,
        415 => ErrorCode::UnsupportedMediaType,
        422 => ErrorCode::ValidationFailed,
        429 => ErrorCode::RateLimited,
        503 => ErrorCode::ServiceUnavailable,
        504 => ErrorCode::UpstreamTimeout,
        status if status >= 500 => ErrorCode::UpstreamUnavailable,
        _ => ErrorCode::InvalidRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(next_cursor: Option<&str>) -> Meta<'_> {
        Meta { trace: TraceContext { trace_id: 0xabc, span_id: 1, sampled: true }, next_cursor }
    }

    #[test]
    fn bytes_are_framed_and_not_read() {
        let text = |place: Place, body: &str, cursor| {
            String::from_utf8(place.wrap(body.as_bytes(), meta(cursor)).to_vec()).expect("UTF-8")
        };
        let id = "00000000000000000000000000000abc";
        assert_eq!(
            text(Place::Data, "{ \"a\": 1}", None),
            format!(r#"{{"data":{{ "a": 1}},"error":null,"meta":{{"traceId":"{id}"}}}}"#)
        );
        assert_eq!(
            text(Place::Data, "", Some("")),
            format!(r#"{{"data":null,"error":null,"meta":{{"traceId":"{id}","nextCursor":null}}}}"#)
        );
        assert_eq!(
            text(Place::Data, "[]", Some("a\"b")),
            format!(r#"{{"data":[],"error":null,"meta":{{"traceId":"{id}","nextCursor":"a\"b"}}}}"#)
        );
        assert_eq!(
            text(Place::Error, "{}", None),
            format!(r#"{{"data":null,"error":{{}},"meta":{{"traceId":"{id}"}}}}"#)
        );
        assert_eq!(
            Place::Data.wrap(b"1", meta(None)),
            [Place::Data.before(), b"1", &Place::Data.after(meta(None))].concat()
        );
    }
}
