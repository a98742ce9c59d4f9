//! The root span of a request, and the trace context that it carries on.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest};
use common::trace::TraceContext;
use tracing::Instrument as _;

/// What belongs to one request: the trace to write on events and to send on.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// The context of the request's span.
    pub trace: TraceContext,
}

impl FromRequest for RequestContext {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().copied();
        ready(Ok(known.unwrap_or_else(|| Self { trace: TraceContext::random() })))
    }
}

/// Opens a span for each request, continuing an incoming `traceparent`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceMiddleware;

impl<S, B> Transform<S, ServiceRequest> for TraceMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = TraceService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(TraceService { service }))
    }
}

/// The running form of [`TraceMiddleware`].
#[derive(Debug)]
pub struct TraceService<S> {
    service: S,
}

impl<S, B> Service<ServiceRequest> for TraceService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let incoming =
            request.headers().get("traceparent").and_then(|value| value.to_str().ok()).and_then(TraceContext::parse);
        let trace = incoming.unwrap_or_else(TraceContext::random);
        let span = tracing::info_span!(
            "http.server",
            otel.name = %request.method(),
            otel.kind = "server",
            http.request.method = %request.method(),
            url.path = request.path(),
            trace_id = tracing::field::Empty,
            http.response.status_code = tracing::field::Empty,
        );
        if incoming.is_some() {
            telemetry::set_parent(&span, trace);
        }
        let trace = telemetry::current_or(&span, trace);
        span.record("trace_id", tracing::field::display(format_args!("{:032x}", trace.trace_id)));
        request.extensions_mut().insert(RequestContext { trace });
        let future = self.service.call(request);
        let recorded = span.clone();
        Box::pin(
            async move {
                let answer = future.await?;
                name(&recorded, &answer);
                recorded.record("http.response.status_code", answer.status().as_u16());
                Ok(answer)
            }
            .instrument(span),
        )
    }
}

/// Names the span by the route's template, which is known once the request was routed: the path itself holds ids, and
/// no two spans would share a name.
fn name<B>(span: &tracing::Span, answer: &ServiceResponse<B>) {
    let request = answer.request();
    telemetry::rename(span, || Some(format!("{} {}", request.method(), request.match_pattern()?)));
}
