//! Traces leave every process over OTLP: a receiver of the protocol takes them, and they hang together.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use test_support::{Stack, wait_until};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::api::Api;

const WEBHOOK: &str = "POST /api/v1/integrations/webhooks/{provider}/{integrationId}";

/// Keeps every span with the name of the service that sent it.
#[derive(Clone, Debug, Default)]
struct Sink(Arc<Mutex<Vec<(String, Span)>>>);

impl Sink {
    /// Listens on a free port of loopback and returns its URL.
    fn start(&self) -> String {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = incoming.local_addr().expect("it is bound");
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        format!("http://{address}")
    }

    fn find(&self, service: &str, is_it: impl Fn(&Span) -> bool) -> Option<Span> {
        let spans = self.0.lock().expect("no test thread panicked");
        spans.iter().find(|(from, span)| from == service && is_it(span)).map(|(_, span)| span.clone())
    }

    /// What came so far, for the message of a wait that failed.
    fn names(&self) -> Vec<String> {
        let spans = self.0.lock().expect("no test thread panicked");
        spans.iter().map(|(service, span)| format!("{service}: {}", span.name)).collect()
    }

    async fn wait_for(&self, service: &str, what: &str, is_it: impl Fn(&Span) -> bool) -> Span {
        wait_until(&format!("{service} exports {what}; so far came {:?}", self.names()), async || {
            self.find(service, &is_it)
        })
        .await
    }
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
            let service = match name.and_then(|name| name.value).and_then(|value| value.value) {
                Some(Value::StringValue(service)) => service,
                other => return Err(Status::invalid_argument(format!("no service.name: {other:?}"))),
            };
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.0.lock().expect("no test thread panicked").extend(spans.map(|span| (service.clone(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_webhook_through_every_service_over_otlp() {
    let sink = Sink::default();
    let environment = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.start()),
        // The default waits five seconds for a fuller batch.
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
    ];
    let stack = Stack::start_with(environment).await;
    let owner = Api::new(stack.gateway()).sign_up("traced").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    let answer = owner.deliver(&source, "d-1", "please refund my order").await;
    let trace = answer.trace_id.clone();
    answer.expect(202);

    let is_ours = |span: &Span| hex(&span.trace_id) == trace;
    let door = sink.wait_for("verdict-gateway", "the webhook", |span| is_ours(span) && span.name == WEBHOOK).await;
    let intake = sink.wait_for("verdict-ingestion", "the webhook", |span| is_ours(span) && span.name == WEBHOOK).await;
    assert_eq!(intake.parent_span_id, door.span_id, "ingestion's span is the child of the gateway's");
    assert!(door.parent_span_id.is_empty(), "the trace begins at the gateway");

    // A batch holds events of many traces, so a consumer's span links to each instead of being its child.
    for service in ["processing", "reporting", "billing", "ingestion"] {
        let service = format!("verdict-{service}");
        let links_here =
            |span: &Span| span.name == "consume" && span.links.iter().any(|link| hex(&link.trace_id) == trace);
        sink.wait_for(&service, "a batch linked to the webhook's trace", links_here).await;
    }
    stack.finish().await;
}
