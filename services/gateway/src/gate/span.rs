//! The trace of a request: continued from the client, or begun here.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use common::trace::TraceContext;
use tracing::Span;

use crate::routes::Route;

/// The client's trace, or a new one.
pub(crate) fn incoming(headers: &HeaderMap) -> TraceContext {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(TraceContext::parse);
    // From the thread's own generator: the system's costs a call into the kernel for each id.
    given.unwrap_or_else(|| TraceContext {
        trace_id: rand::random::<u128>() | 1,
        span_id: rand::random::<u64>() | 1,
        sampled: true,
    })
}

/// The same trace with a span id of our own.
pub(crate) fn child(incoming: TraceContext) -> TraceContext {
    TraceContext { span_id: rand::random::<u64>() | 1, ..incoming }
}

/// A span for the log of a failure.
pub(crate) fn failure(request: &ServiceRequest, trace: TraceContext) -> Span {
    tracing::error_span!(
        "http.failure",
        http.request.method = %request.method(),
        url.path = request.path(),
        trace_id = %format_args!("{:032x}", trace.trace_id),
    )
}

/// Opens the request's span and gives the context to hand on.
pub(crate) fn open(request: &ServiceRequest, route: &Route, incoming: TraceContext) -> (Span, TraceContext) {
    let span = tracing::info_span!(
        "http.server",
        otel.name = %format_args!("{} {}", request.method(), route.path),
        otel.kind = "server",
        http.request.method = %request.method(),
        http.route = route.path,
        url.path = request.path(),
        trace_id = %format_args!("{:032x}", incoming.trace_id),
        http.response.status_code = tracing::field::Empty,
    );
    telemetry::set_parent(&span, incoming);
    let trace = telemetry::current_or(&span, incoming);
    (span, trace)
}
