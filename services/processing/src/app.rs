//! The running service: its parts, and how they are put together.

use std::net::TcpListener;
use std::sync::Arc;

use ::settings::{DatabaseSettings, ServerSettings, TelemetrySettings};
use actix_web::web::Data;
use bus::{Bus, Consumer, Outbox, Relay};
use classifier::Outcome;
use common::decision::WhyHuman;
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::OpenApi as _;
use web::{Health, HealthCheck, InternalVerifier, Roles, Service};

use crate::cascade::Cascade;
use crate::consumers::feedback::Feedback;
use crate::consumers::on_entitlements::OnEntitlements;
use crate::consumers::on_ingested::OnIngested;
use crate::consumers::on_reprocess_requested::OnReprocessRequested;
use crate::domain::similarity::and_so_a_person_is_asked;
use crate::jobs::learn::Learning;
use crate::rule_book::RuleBook;
use crate::settings::ProcessingSettings;
use crate::stages::model::{ModelStep, remote_embedder};
use crate::store::rule_sets::Head;
use crate::tenant_memory::Memories;
use crate::vectors::{Absent, VectorSource};
use crate::{cascade, http, jobs, openapi, vectors};

/// Told to people where the embedding stage is on and there is no model.
pub(crate) const NO_VECTORS: &str = "the embedding stage is switched on, but this installation has no embedding model";
/// The same of the llm stage.
const NO_MODEL: &str = "the llm stage is switched on, but this installation has no language model";

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/processing");

/// The processing service.
#[derive(Clone, Copy, Debug)]
pub struct Processing;

/// What handlers and use cases work with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: RuleBook,
    /// Turns at trying rules on past records.
    pub(crate) previews: Semaphore,
    /// Texts to vectors; or why there are none here.
    pub(crate) vectors: Result<Arc<dyn VectorSource>, Absent>,
    pub(crate) memories: Memories,
    pub(crate) cascade: Cascade,
    pub(crate) learning: Learning,
    /// The language model; none where the installation has none.
    pub(crate) model: Option<ModelStep>,
    /// Wakes the worker when a run was asked for.
    pub(crate) runs_asked: Notify,
}

impl App {
    fn new(settings: &ProcessingSettings) -> anyhow::Result<Self> {
        Self::at(settings, Arc::new(SystemClock))
    }

    /// The same by another clock.
    pub(crate) fn at(settings: &ProcessingSettings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let db = Db::new(&settings.database)?;
        let vectors = vectors_of(settings, &db, &clock);
        let model = ModelStep::new(&settings.language_model, &settings.outbound, &db, &clock)?;
        Ok(Self {
            db,
            bus: Bus::new(Processing::NAME, &settings.broker),
            outbox: Outbox::default(),
            clock,
            rules: RuleBook::new(&settings.rules),
            previews: Semaphore::new(settings.rules.concurrent_previews.max(1)),
            vectors,
            memories: Memories::new(&settings.embeddings),
            cascade: Cascade::new(&settings.embeddings),
            learning: Learning::new(&settings.embeddings),
            model,
            runs_asked: Notify::new(),
        })
    }

    /// The model whose vectors are used; none when there is none.
    pub(crate) fn model_id(&self) -> Option<&str> {
        self.vectors.as_ref().ok().map(|source| source.model_id())
    }

    /// Whether what the rules left open is for a later stage. Where such a stage is switched on and cannot be tried, the
    /// person who is asked instead is told.
    pub(crate) fn leave_to_later_stages(&self, head: &Head, outcome: &mut Outcome) -> bool {
        if outcome.reasoning.why_human != Some(WhyHuman::NoStageDecided) {
            return false;
        }
        if head.embedding_stage && self.vectors.is_ok() || head.llm_stage && self.model.is_some() {
            return true;
        }
        let missing = match (head.embedding_stage, head.llm_stage) {
            (true, _) => NO_VECTORS,
            (_, true) => NO_MODEL,
            (false, false) => return false,
        };
        outcome.reasoning.summary = and_so_a_person_is_asked(&outcome.reasoning.summary, missing);
        outcome.reasoning.why_human = Some(WhyHuman::StageUnavailable);
        false
    }

    /// The database decides readiness. The broker does not: rules and labels are served without it.
    fn health(&self) -> Health {
        let bus = self.bus.clone();
        let remedy = "Check that RabbitMQ runs and VERDICT__BROKER__URL; records wait in their queue until then.";
        let broker = HealthCheck::optional("broker", remedy, move || {
            let bus = bus.clone();
            Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
        });
        let absent = self.vectors.as_ref().err().map(|absent| absent.0.clone());
        let remedy = "Run `make model`, or set VERDICT__EMBEDDINGS__MODEL_DIR; until then records that no rule decides go to people.";
        let embeddings = HealthCheck::optional("embeddings", remedy, move || {
            let absent = absent.clone();
            Box::pin(async move { absent.map_or(Ok(()), Err) })
        });
        Health(vec![HealthCheck::database(self.db.clone()), broker, embeddings])
    }
}

fn vectors_of(settings: &ProcessingSettings, db: &Db, clock: &Arc<dyn Clock>) -> Result<Arc<dyn VectorSource>, Absent> {
    let remote = || remote_embedder(&settings.language_model, &settings.outbound, db, clock);
    let source = vectors::start(&settings.embeddings, remote, db);
    match &source {
        Ok(source) => tracing::info!(model = source.model_id(), "embeddings are ready"),
        Err(absent) => {
            tracing::warn!(reason = absent.0, "there are no embeddings; what rules leave open goes to people");
        }
    }
    source
}

impl Service for Processing {
    const NAME: &'static str = "processing";
    type Settings = ProcessingSettings;

    fn migrations() -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn openapi() -> utoipa::openapi::OpenApi {
        openapi::Document::openapi()
    }

    fn sections(settings: &ProcessingSettings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings) {
        (&settings.server, &settings.database, &settings.telemetry)
    }

    async fn serve(
        settings: ProcessingSettings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let verifier = Data::new(InternalVerifier::new(&settings.internal)?);
        let app = Data::new(App::new(&settings)?);
        let clock = Data::new(Arc::clone(&app.clock));
        let health = Data::new(app.health());
        let work = TaskTracker::new();
        if roles.worker {
            spawn_workers(&work, &app, &shutdown);
        }
        let shared = app.clone();
        web::serve(listener, &settings.server, shutdown.clone(), move |config| {
            config.app_data(shared.clone()).app_data(verifier.clone()).app_data(clock.clone()).app_data(health.clone());
            if roles.api {
                http::routes(config);
            }
        })
        .await?;
        shutdown.cancel();
        work.close();
        work.wait().await;
        app.bus.close().await;
        Ok(())
    }
}

fn spawn_workers(work: &TaskTracker, app: &Data<App>, shutdown: &CancellationToken) {
    let app = app.clone().into_inner();
    work.spawn(Relay::new(app.db.clone(), app.bus.clone(), app.outbox.clone()).run(shutdown.clone()));
    let arrivals = Arc::new(OnIngested::new(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("processing.records"), arrivals).run(shutdown.clone()));
    let again = Arc::new(OnReprocessRequested::new(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("processing.reprocess"), again).run(shutdown.clone()));
    let feedback = Arc::new(Feedback::new(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("processing.feedback"), feedback).run(shutdown.clone()));
    for _ in 0..cascade::WORKERS {
        work.spawn(cascade::run(Arc::clone(&app), shutdown.clone()));
    }
    work.spawn(jobs::learn::run(Arc::clone(&app), shutdown.clone()));
    let allowed = Arc::new(OnEntitlements(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("processing.entitlements"), allowed).run(shutdown.clone()));
    work.spawn(jobs::run_runs::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::forget_answers::run(app, shutdown.clone()));
}
