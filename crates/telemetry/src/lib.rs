//! Logs and traces: one subscriber for the process, and trace contexts in and out of it.
//!
//! Without an OTLP endpoint nothing is exported and spans cost next to nothing; the trace id still travels.

mod propagation;

pub use propagation::{current_or, link, rename, set_parent};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use settings::TelemetrySettings;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

/// What is not worth a line: a client that speaks no HTTP, which the server would tell as an error of its own.
const NOISE: &str = "actix_http::h1::dispatcher=off";

/// Telemetry that could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter does not parse.
    #[error("telemetry.level is not a filter that `tracing` knows")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The endpoint is no URL that the exporter takes.
    #[error("telemetry.otlp_endpoint cannot be used")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Another subscriber is there already.
    #[error("telemetry was set up twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Keeps the exporter alive; flushes what is left when dropped at the end of `main`.
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take() {
            // A receiver that is away must not keep the process from ending; the SDK bounds the wait.
            let _ = provider.shutdown();
        }
    }
}

/// Sets up logs and, with an endpoint, traces for the whole process. Call it once, inside the tokio runtime.
///
/// # Errors
/// When the filter or endpoint cannot be used, or it was called before.
pub fn init(service: &'static str, settings: &TelemetrySettings) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(format!("{NOISE},{}", settings.level))?;
    let logs = if settings.format == "pretty" {
        tracing_subscriber::fmt::layer().compact().with_target(false).boxed()
    } else {
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).boxed()
    };
    let endpoint = settings.otlp_endpoint.clone().or_else(|| std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok());
    let provider = endpoint.filter(|endpoint| !endpoint.is_empty()).map(|url| exporter(service, &url, settings));
    let provider = provider.transpose()?;
    let traces = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("verdict")).with_location(false));
    tracing_subscriber::registry().with(filter).with(logs).with(traces).try_init()?;
    Ok(Telemetry(provider))
}

fn exporter(
    service: &'static str,
    endpoint: &str,
    settings: &TelemetrySettings,
) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio)));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(Resource::builder().with_service_name(format!("verdict-{service}")).build())
        .build())
}
