//! The application: what its parts share, and how the process is put together.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use bus::{Bus, Consumer, Outbox, Relay};
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use settings::{DatabaseSettings, ServerSettings, TelemetrySettings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::{Health, HealthCheck, InternalVerifier, Roles, Service};

use crate::consumers::{OnLabelChanged, OnRecordShelved, OnReprocessed, OnReviewRequested};
use crate::settings::ApprovalsSettings;
use crate::usecases::LabelArrivals;
use crate::{http, jobs, openapi};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/approvals");

/// How long a question waits for others, so that one commit opens many: people are slower than that.
const REVIEWS_LINGER: Duration = Duration::from_millis(40);

/// The approvals service.
#[derive(Clone, Copy, Debug)]
pub struct Approvals;

/// What handlers, consumers and jobs share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) label_arrivals: LabelArrivals,
}

impl Service for Approvals {
    const NAME: &'static str = "approvals";
    type Settings = ApprovalsSettings;

    fn migrations() -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn openapi() -> utoipa::openapi::OpenApi {
        openapi::document()
    }

    fn sections(settings: &ApprovalsSettings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings) {
        (&settings.server, &settings.database, &settings.telemetry)
    }

    async fn serve(
        settings: ApprovalsSettings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let bus = Bus::new(Self::NAME, &settings.broker);
        let app = App {
            db: Db::new(&settings.database)?,
            outbox: Outbox::default(),
            clock: Arc::new(SystemClock),
            label_arrivals: LabelArrivals::default(),
        };
        let verifier = InternalVerifier::new(&settings.internal)?;
        let tasks = TaskTracker::new();
        if roles.worker {
            spawn_workers(&tasks, &app, &bus, &shutdown);
        }
        let configure = configure(&app, &bus, verifier, roles);
        let outcome = web::serve(listener, &settings.server, shutdown.clone(), configure).await;
        shutdown.cancel();
        tasks.close();
        tasks.wait().await;
        bus.close().await;
        Ok(outcome?)
    }
}

fn spawn_workers(tasks: &TaskTracker, app: &App, bus: &Bus, shutdown: &CancellationToken) {
    let relay = Relay::new(app.db.clone(), bus.clone(), app.outbox.clone());
    let reviews = Arc::new(OnReviewRequested(app.clone()));
    let labels = Arc::new(OnLabelChanged(app.clone()));
    tasks.spawn(relay.run(shutdown.clone()));
    let reviews = Consumer::new(bus.clone(), bus::queue("approvals.reviews"), reviews);
    tasks.spawn(reviews.linger(REVIEWS_LINGER).run(shutdown.clone()));
    tasks.spawn(Consumer::new(bus.clone(), bus::queue("approvals.labels"), labels).run(shutdown.clone()));
    let shelved = Arc::new(OnRecordShelved(app.clone()));
    tasks.spawn(Consumer::new(bus.clone(), bus::queue("approvals.records"), shelved).run(shutdown.clone()));
    let decided_again = Arc::new(OnReprocessed(app.clone()));
    tasks.spawn(Consumer::new(bus.clone(), bus::queue("approvals.reprocessed"), decided_again).run(shutdown.clone()));
    tasks.spawn(jobs::forget_idempotency_keys(app.clone(), shutdown.clone()));
}

fn configure(
    app: &App,
    bus: &Bus,
    verifier: InternalVerifier,
    roles: Roles,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let health = Data::new(Health(vec![HealthCheck::database(app.db.clone()), broker_check(bus.clone())]));
    let clock = Data::new(Arc::clone(&app.clock));
    let (app, verifier) = (Data::new(app.clone()), Data::new(verifier));
    move |config| {
        config.app_data(health.clone()).app_data(clock.clone());
        config.app_data(verifier.clone()).app_data(app.clone());
        if roles.api {
            http::routes(config);
        }
    }
}

/// Answers are kept without the broker; it only makes them travel later.
fn broker_check(bus: Bus) -> HealthCheck {
    HealthCheck::optional("broker", "Check that RabbitMQ runs and VERDICT__BROKER__URL.", move || {
        let bus = bus.clone();
        Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
    })
}
