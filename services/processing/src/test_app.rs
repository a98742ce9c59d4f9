//! The service's parts on a database of a test's own, without HTTP and without a broker.

use std::sync::Arc;

use common::Clock;
use language_model::LanguageModelSettings;
use outbound::OutboundSettings;
use settings::{BrokerSettings, InternalSettings, ServerSettings, TelemetrySettings};
use test_support::TestDb;

use crate::app::{App, Processing};
use crate::settings::{EmbeddingSource, EmbeddingsSettings, ProcessingSettings, RulesSettings};

/// An empty database.
pub(crate) async fn database() -> TestDb {
    TestDb::create("processing", <Processing as web::Service>::migrations).await
}

/// A process on that database. Endpoints on this machine may be called.
pub(crate) fn app(database: &TestDb, language_model: &LanguageModelSettings, clock: Arc<dyn Clock>) -> App {
    let settings = ProcessingSettings {
        server: ServerSettings::default(),
        database: database.settings(),
        // Never connected to.
        broker: BrokerSettings { url: "amqp://127.0.0.1:1".into(), prefetch: 1 },
        internal: InternalSettings { public_keys: String::new(), private_key: None },
        telemetry: TelemetrySettings::default(),
        rules: RulesSettings::default(),
        embeddings: EmbeddingsSettings { source: EmbeddingSource::Hashed, ..EmbeddingsSettings::default() },
        language_model: language_model.clone(),
        outbound: OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() },
    };
    App::at(&settings, clock).expect("the settings work")
}
