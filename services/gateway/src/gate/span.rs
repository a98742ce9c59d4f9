//! The trace of a request: continued from the client, or begun here.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use common::trace::TraceContext;
use tracing::Span;

use crate::routes::Route;

/// The trace that a request belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming {
    /// The client's context, or a new one.
    pub(crate) context: TraceContext,
    /// Whether the client sent it. A new one is nobody's child.
    is_continued: bool,
}

/// The client's trace, or a new one.
pub(crate) fn incoming(headers: &HeaderMap) -> Incoming {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(TraceContext::parse);
    // From the thread's own generator: the system's costs a call into the kernel for each id.
    let context = given.unwrap_or_else(|| TraceContext {
        trace_id: rand::random::<u128>() | 1,
        span_id: rand::random::<u64>() | 1,
        sampled: true,
    });
    Incoming { context, is_continued: given.is_some() }
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
pub(crate) fn open(request: &ServiceRequest, route: &Route, incoming: Incoming) -> (Span, TraceContext) {
    let span = tracing::info_span!(
        "http.server",
        otel.name = %format_args!("{} {}", request.method(), route.path),
        otel.kind = "server",
        http.request.method = %request.method(),
        http.route = route.path,
        url.path = request.path(),
        trace_id = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
    );
    if incoming.is_continued {
        telemetry::set_parent(&span, incoming.context);
    }
    let trace = telemetry::current_or(&span, incoming.context);
    span.record("trace_id", tracing::field::display(format_args!("{:032x}", trace.trace_id)));
    (span, trace)
}
