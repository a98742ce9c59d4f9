//! The running service: its parts, and how they are put together.

use std::net::TcpListener;
use std::sync::Arc;

use ::settings::{DatabaseSettings, ServerSettings, TelemetrySettings};
use actix_web::web::Data;
use bus::{Bus, Consumer, Outbox, Relay};
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use offboarding::{DeletedTenants, Offboarding, Rows};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::OpenApi as _;
use web::{Health, HealthCheck, InternalVerifier, Roles, Service};

use crate::consumers::feedback::Feedback;
use crate::consumers::on_entitlements::OnEntitlements;
use crate::consumers::on_ingested::OnIngested;
use crate::consumers::on_reprocess_requested::OnReprocessRequested;
use crate::rule_book::RuleBook;
use crate::settings::ProcessingSettings;
use crate::stages::model::ModelStep;
use crate::{http, jobs, openapi};

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
    /// Tenants for whom nothing is decided any more.
    pub(crate) deleted: DeletedTenants,
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
        let model = ModelStep::new(&settings.language_model, &settings.outbound, &db, &clock)?;
        Ok(Self {
            db,
            bus: Bus::new(Processing::NAME, &settings.broker),
            outbox: Outbox::default(),
            clock,
            rules: RuleBook::new(&settings.rules),
            previews: Semaphore::new(settings.rules.concurrent_previews.max(1)),
            deleted: DeletedTenants::default(),
            model,
            runs_asked: Notify::new(),
        })
    }

    /// The database decides readiness. The broker does not: rules and labels are served without it.
    fn health(&self) -> Health {
        let bus = self.bus.clone();
        let remedy = "Check that RabbitMQ runs and VERDICT__BROKER__URL; records wait in their queue until then.";
        let broker = HealthCheck::optional("broker", remedy, move || {
            let bus = bus.clone();
            Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
        });
        Health(vec![HealthCheck::database(self.db.clone()), broker])
    }
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
    let arrivals = Consumer::new(app.bus.clone(), bus::queue("processing.records"), arrivals);
    work.spawn(arrivals.without(app.deleted.filter()).run(shutdown.clone()));
    let again = Arc::new(OnReprocessRequested::new(Arc::clone(&app)));
    let again = Consumer::new(app.bus.clone(), bus::queue("processing.reprocess"), again);
    work.spawn(again.without(app.deleted.filter()).run(shutdown.clone()));
    let feedback = Arc::new(Feedback::new(Arc::clone(&app)));
    let feedback = Consumer::new(app.bus.clone(), bus::queue("processing.feedback"), feedback);
    work.spawn(feedback.without(app.deleted.filter()).run(shutdown.clone()));
    let offboarding = Offboarding::new(app.db.clone(), Arc::clone(&app.clock), Arc::new(Rows), app.deleted.clone());
    let deletions = Consumer::new(app.bus.clone(), bus::queue("processing.deletions"), offboarding.handler());
    work.spawn(deletions.run(shutdown.clone()));
    work.spawn(offboarding.clone().watch(shutdown.clone()));
    work.spawn(offboarding.remove(shutdown.clone()));
    let allowed = Arc::new(OnEntitlements(Arc::clone(&app)));
    let allowed = Consumer::new(app.bus.clone(), bus::queue("processing.entitlements"), allowed);
    work.spawn(allowed.without(app.deleted.filter()).run(shutdown.clone()));
    work.spawn(jobs::run_runs::run(Arc::clone(&app), shutdown.clone()));
    work.spawn(jobs::forget_answers::run(app, shutdown.clone()));
}
