//! The ingestion service on a real PostgreSQL and a real RabbitMQ.

mod acts;
mod attachments;
mod batches;
mod cancelling;
mod deletions;
mod deliveries;
mod faults;
mod files;
mod forms;
mod health;
mod imports;
mod input;
mod integrations;
mod isolation;
mod limits;
mod linking;
mod links;
mod listing;
mod mapping;
mod narrowing;
mod operations;
mod pausing;
mod providers;
mod pulling;
mod pulling_faults;
mod quarantine;
mod quarantine_bounds;
mod quotas;
mod records;
mod refusals;
mod relabel;
mod remapping;
mod replaying;
mod retention;
mod returning;
mod rotation;
mod schema;
mod sender;
mod vectors;
mod verdicts;
mod webhooks;

use blobs::BlobSettings;
use futures_util::StreamExt as _;
use ingestion::{
    FileSettings, Ingestion, IngestionSettings, IntakeSettings, ProviderSettings, PullSettings, QuarantineSettings,
};
use outbound::OutboundSettings;
use settings::PublicSettings;
use test_support::{Resources, TestApp};
use web::Roles;

/// The service with its settings as they are by default.
async fn start() -> TestApp {
    TestApp::start::<Ingestion>(|resources| settings(resources, IntakeSettings::default())).await
}

/// The service with some of its settings changed.
async fn start_with(change: impl FnOnce(&mut IngestionSettings)) -> TestApp {
    TestApp::start::<Ingestion>(|resources| {
        let mut settings = settings(resources, IntakeSettings::default());
        change(&mut settings);
        settings
    })
    .await
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
        files: FileSettings {
            max_bytes: 8 << 20,
            store: BlobSettings { folder: files_folder(), s3: None },
            ..FileSettings::default()
        },
        providers: ProviderSettings::default(),
        quarantine: QuarantineSettings::default(),
        outbound: OutboundSettings::default(),
        pull: PullSettings::default(),
    }
}

/// A folder of each test's own, below the target folder.
fn files_folder() -> String {
    let name = format!("files-{}", common::BlobId::generate());
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).to_str().expect("UTF-8").to_owned()
}

/// Runs the futures together and returns their outputs in order.
async fn all_at_once<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures_util::stream::iter(futures).buffered(1_000).collect().await
}
