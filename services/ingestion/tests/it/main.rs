//! The ingestion service on a real PostgreSQL and a real RabbitMQ.

mod batches;
mod deliveries;
mod faults;
mod health;
mod input;
mod integrations;
mod isolation;
mod listing;
mod pausing;
mod quarantine;
mod records;
mod rotation;
mod schema;
mod sender;
mod vectors;
mod verdicts;
mod webhooks;

use futures_util::StreamExt as _;
use ingestion::{Ingestion, IngestionSettings, IntakeSettings};
use settings::PublicSettings;
use test_support::{Resources, TestApp};
use web::Roles;

/// The service with its settings as they are by default.
async fn start() -> TestApp {
    TestApp::start::<Ingestion>(|resources| settings(resources, IntakeSettings::default())).await
}

/// The service without its background work.
async fn start_api_only() -> TestApp {
    let roles = Roles { api: true, worker: false };
    TestApp::start_as::<Ingestion>(roles, |resources| settings(resources, IntakeSettings::default())).await
}

fn settings(resources: &Resources, intake: IntakeSettings) -> IngestionSettings {
    IngestionSettings {
        server: resources.server(),
        database: resources.database(),
        broker: resources.broker(),
        internal: resources.internal(),
        sealing: resources.sealing(),
        public: PublicSettings { url: "https://verdict.example".into() },
        telemetry: resources.telemetry(),
        intake,
    }
}

/// Runs the futures together and returns their outputs in order.
async fn all_at_once<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures_util::stream::iter(futures).buffered(1_000).collect().await
}
