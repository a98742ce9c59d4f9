//! The application: what its parts share, and how the process is put together.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use bus::{Bus, Consumer};
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use offboarding::{DeletedTenants, Offboarding, Rows};
use settings::{DatabaseSettings, ServerSettings, TelemetrySettings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::{Health, HealthCheck, InternalVerifier, Roles, Service};

use crate::consumers::OnEvent;
use crate::settings::ReportingSettings;
use crate::{http, openapi};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/reporting");
/// How long the log waits to fill a batch. Nobody waits for it, and a commit costs the same for one event as for
/// hundreds.
const LINGER: Duration = Duration::from_millis(50);

/// The reporting service.
#[derive(Clone, Copy, Debug)]
pub struct Reporting;

/// What handlers and consumers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Service for Reporting {
    const NAME: &'static str = "reporting";
    type Settings = ReportingSettings;

    fn migrations() -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn openapi() -> utoipa::openapi::OpenApi {
        openapi::document()
    }

    fn sections(settings: &ReportingSettings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings) {
        (&settings.server, &settings.database, &settings.telemetry)
    }

    async fn serve(
        settings: ReportingSettings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let bus = Bus::new(Self::NAME, &settings.broker);
        let app = App { db: Db::new(&settings.database)?, clock: Arc::new(SystemClock) };
        let verifier = InternalVerifier::new(&settings.internal)?;
        let tasks = TaskTracker::new();
        if roles.worker {
            let deleted = DeletedTenants::default();
            let offboarding = Offboarding::new(app.db.clone(), Arc::clone(&app.clock), Arc::new(Rows), deleted.clone());
            let log = Consumer::new(bus.clone(), bus::queue("reporting.log"), Arc::new(OnEvent(app.clone())));
            tasks.spawn(log.linger(LINGER).without(deleted.filter()).run(shutdown.clone()));
            let deletions = Consumer::new(bus.clone(), bus::queue("reporting.deletions"), offboarding.handler());
            tasks.spawn(deletions.run(shutdown.clone()));
            tasks.spawn(offboarding.clone().watch(shutdown.clone()));
            tasks.spawn(offboarding.remove(shutdown.clone()));
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

/// The feed can be read without the broker; it only stops growing.
fn broker_check(bus: Bus) -> HealthCheck {
    HealthCheck::optional("broker", "Check that RabbitMQ runs and VERDICT__BROKER__URL.", move || {
        let bus = bus.clone();
        Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
    })
}
