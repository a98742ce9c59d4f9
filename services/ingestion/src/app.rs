//! The running service: its parts, and how they are put together.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use ::settings::{DatabaseSettings, Sealer, ServerSettings, TelemetrySettings};
use actix_web::web::Data;
use blobs::BlobStore;
use bus::{Bus, Consumer, Outbox, Relay};
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use outbound::Outbound;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::OpenApi as _;
use web::{Health, HealthCheck, InternalVerifier, Roles, Service};

use crate::consumers::on_entitlements::OnEntitlements;
use crate::consumers::on_ingested::OnIngested;
use crate::consumers::on_label_changed::OnLabelChanged;
use crate::consumers::on_reprocessed::OnReprocessed;
use crate::consumers::on_tenant_changed::OnTenantChanged;
use crate::consumers::on_verdict::OnVerdict;
use crate::domain::provider::Catalogue;
use crate::intake::{Committers, Intake};
use crate::quotas::Quotas;
use crate::settings::{FileSettings, IngestionSettings, PullSettings, QuarantineSettings};
use crate::source_cache::SourceCache;
use crate::{http, jobs, openapi};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/ingestion");

/// How long a verdict waits for others, so that one commit takes over many: a list shows it that much later.
const STATES_LINGER: Duration = Duration::from_millis(40);

/// How long a new record waits for others before the lists take it in, and how many are taken in at once. By then most
/// are decided, and the lists have taken in their final state with the verdict.
const INDEX_LINGER: Duration = Duration::from_millis(500);
const INDEX_BATCH: usize = 2_048;

/// The ingestion service.
#[derive(Clone, Copy, Debug)]
pub struct Ingestion;

/// What handlers, consumers and jobs work with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealer: Sealer,
    /// Every kind of source.
    pub(crate) catalogue: &'static Catalogue,
    pub(crate) sources: SourceCache,
    /// Whether tenants may take in more.
    pub(crate) quotas: Quotas,
    pub(crate) intake: Intake,
    /// Wakes the release of held records when a source of this process was resumed.
    pub(crate) resumed: Notify,
    /// Where the bytes of files are.
    pub(crate) blobs: BlobStore,
    pub(crate) files: FileSettings,
    /// Wakes the clean-up when bytes became unused.
    pub(crate) unused_blobs: Notify,
    /// Wakes the imports when one was queued.
    pub(crate) imports_queued: Notify,
    /// Wakes the worker when an operation was asked for.
    pub(crate) asked: Notify,
    /// Wakes the pull of a source that somebody asked for.
    pub(crate) sync_requested: Notify,
    /// The client for everything outside.
    pub(crate) outbound: Outbound,
    pub(crate) pull: PullSettings,
    pub(crate) quarantine: QuarantineSettings,
    /// Wakes the job that takes raw forms away when a tenant changed how long they are kept.
    pub(crate) retention_changed: Notify,
    /// What webhook URLs begin with.
    pub(crate) public_url: String,
}

impl App {
    fn new(settings: &IngestionSettings) -> anyhow::Result<(Self, Committers)> {
        // Read once, for as long as the process lives.
        let catalogue: &'static Catalogue = Box::leak(Box::new(settings.providers.catalogue()?));
        tracing::info!(providers = catalogue.all().len(), "catalogue read");
        let outbox = Outbox::default();
        let committer_db = DatabaseSettings { pool_size: settings.intake.committers, ..settings.database.clone() };
        let (intake, committers) = Committers::start(Db::new(&committer_db)?, outbox.clone(), &settings.intake);
        let app = Self {
            db: Db::new(&settings.database)?,
            bus: Bus::new(Ingestion::NAME, &settings.broker),
            outbox,
            clock: Arc::new(SystemClock),
            sealer: Sealer::new(&settings.sealing)?,
            catalogue,
            sources: SourceCache::new(&settings.intake, catalogue),
            quotas: Quotas::new(),
            intake,
            resumed: Notify::new(),
            blobs: BlobStore::open(&settings.files.store)?,
            files: settings.files.clone(),
            unused_blobs: Notify::new(),
            imports_queued: Notify::new(),
            asked: Notify::new(),
            sync_requested: Notify::new(),
            outbound: Outbound::new(&settings.outbound)?,
            pull: settings.pull.clone(),
            quarantine: settings.quarantine.clone(),
            retention_changed: Notify::new(),
            public_url: settings.public.url.trim_end_matches('/').to_owned(),
        };
        Ok((app, committers))
    }

    /// The database decides readiness. The broker does not: without it events wait in the outbox.
    fn health(&self) -> Health {
        let bus = self.bus.clone();
        let remedy = "Check that RabbitMQ runs and VERDICT__BROKER__URL; events wait in the outbox until then.";
        let broker = HealthCheck::optional("broker", remedy, move || {
            let bus = bus.clone();
            Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
        });
        Health(vec![HealthCheck::database(self.db.clone()), broker])
    }
}

impl Service for Ingestion {
    const NAME: &'static str = "ingestion";
    type Settings = IngestionSettings;

    fn migrations() -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn openapi() -> utoipa::openapi::OpenApi {
        openapi::Document::openapi()
    }

    fn sections(settings: &IngestionSettings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings) {
        (&settings.server, &settings.database, &settings.telemetry)
    }

    async fn serve(
        settings: IngestionSettings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let verifier = Data::new(InternalVerifier::new(&settings.internal)?);
        let (app, committers) = App::new(&settings)?;
        let app = Data::new(app);
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
        // The server has let its requests finish, so what the queue still holds was given up by its callers.
        committers.finish().await;
        work.close();
        work.wait().await;
        app.bus.close().await;
        Ok(())
    }
}

fn spawn_workers(work: &TaskTracker, app: &Data<App>, shutdown: &CancellationToken) {
    let app = app.clone().into_inner();
    work.spawn(Relay::new(app.db.clone(), app.bus.clone(), app.outbox.clone()).run(shutdown.clone()));
    let verdicts = Arc::new(OnVerdict::new(Arc::clone(&app)));
    let states = Consumer::new(app.bus.clone(), bus::queue("ingestion.states"), verdicts);
    work.spawn(states.linger(STATES_LINGER).run(shutdown.clone()));
    let arrivals =
        Consumer::new(app.bus.clone(), bus::queue("ingestion.index"), Arc::new(OnIngested::new(Arc::clone(&app))));
    work.spawn(arrivals.linger(INDEX_LINGER).batch(INDEX_BATCH).run(shutdown.clone()));
    let decided_again = Arc::new(OnReprocessed::new(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("ingestion.operations"), decided_again).run(shutdown.clone()));
    let labels = Arc::new(OnLabelChanged::new(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("ingestion.labels"), labels).run(shutdown.clone()));
    let tenants = Arc::new(OnTenantChanged::new(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("ingestion.tenants"), tenants).run(shutdown.clone()));
    work.spawn(jobs::expire_raw::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::give_up_items::run(Arc::clone(&app), shutdown.clone()));
    let allowed = Arc::new(OnEntitlements(Arc::clone(&app)));
    work.spawn(Consumer::new(app.bus.clone(), bus::queue("ingestion.entitlements"), allowed).run(shutdown.clone()));
    work.spawn(jobs::make_room::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::run_operations::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::release_held::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::clean_blobs::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::run_imports::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::watch_health::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::trim_quarantine::run(Arc::clone(&app), shutdown.clone()));
    for _ in 0..app.pull.workers {
        work.spawn(jobs::pull::run(Arc::clone(&app), shutdown.clone()));
    }
    work.spawn(jobs::forget_keys::run(app, shutdown.clone()));
}
