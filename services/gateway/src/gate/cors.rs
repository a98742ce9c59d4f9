//! What browsers ask before a web client of another origin may call: cross-origin resource sharing.
//!
//! Credentials are bearer tokens, which a page must have and send itself, so cookies are never allowed.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};

use crate::settings::CorsSettings;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, last-event-id, range, traceparent";
const ANSWER_HEADERS: &str = "etag, idempotent-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset, \
     retry-after, x-trace-id, content-disposition, content-range";
/// How long a browser may remember the answer, in seconds; an origin taken off the list calls no longer than that.
const MAX_AGE: &str = "600";

/// The origins that may call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cors(Vec<HeaderValue>);

impl Cors {
    /// Origins as set.
    pub(crate) fn new(settings: &CorsSettings) -> Self {
        Self(settings.origins().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect())
    }

    /// The request's origin, when it is on the list.
    pub(crate) fn origin(&self, request: &ServiceRequest) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        request.headers().get(ORIGIN).filter(|origin| self.0.contains(origin)).cloned()
    }

    /// Whether answers differ by origin.
    pub(crate) const fn varies(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether a browser asks whether it may call.
pub(crate) fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that, for an origin on the list.
pub(crate) fn preflight(origin: HeaderValue) -> HttpResponse {
    let mut answer = HttpResponse::NoContent().finish();
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    headers.insert(VARY, HeaderValue::from_static("origin"));
    answer
}

/// Lets the page see an answer.
pub(crate) fn share(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
    }
}
