//! Trace contexts between `tracing` spans and the W3C form that headers and events carry.

use common::trace::TraceContext;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

fn to_otel(context: TraceContext) -> SpanContext {
    let flags = if context.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    SpanContext::new(TraceId::from(context.trace_id), SpanId::from(context.span_id), flags, true, TraceState::default())
}

/// Makes the span a child of a context that came from outside.
pub fn set_parent(span: &Span, parent: TraceContext) {
    let context = opentelemetry::Context::new().with_remote_span_context(to_otel(parent));
    // Fails only when no exporter is set up, and then nobody asks for the parent.
    let _ = span.set_parent(context);
}

/// Links the span of a batch to one of the contexts that it handles.
pub fn link(span: &Span, cause: TraceContext) {
    span.add_link(to_otel(cause));
}

/// The context to hand on from inside the span: the exported span's, or else `given` with a new span id.
#[must_use]
pub fn current_or(span: &Span, given: TraceContext) -> TraceContext {
    let context = span.context();
    let current = context.span().span_context().clone();
    if current.is_valid() {
        TraceContext {
            trace_id: u128::from_be_bytes(current.trace_id().to_bytes()),
            span_id: u64::from_be_bytes(current.span_id().to_bytes()),
            sampled: current.is_sampled(),
        }
    } else {
        given.child()
    }
}

/// Names an exported span anew, for names that are known only in its course; makes the name only if it is exported.
pub fn rename(span: &Span, name: impl FnOnce() -> Option<String>) {
    let context = span.context();
    let exported = context.span();
    if exported.is_recording()
        && let Some(name) = name()
    {
        exported.update_name(name);
    }
}
