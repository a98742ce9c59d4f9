//! The application: what its parts share, and how the process is put together.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use bus::{Bus, Consumer, Outbox, Relay};
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use settings::{DatabaseSettings, ServerSettings, TelemetrySettings};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::{Health, HealthCheck, InternalVerifier, Roles, Service};

use crate::consumers::OnUsage;
use crate::domain::Plans;
use crate::providers::Providers;
use crate::settings::{BillingSettings, HousekeepingSettings, PaymentsSettings};
use crate::{http, jobs, openapi};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/billing");
/// Who tells the service's events.
pub(crate) const AGENT: &str = "billing";
const COUNT_LINGER: Duration = Duration::from_millis(100);

/// The billing service.
#[derive(Clone, Copy, Debug)]
pub struct Billing;

/// What handlers, consumers and jobs share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) plans: Arc<Plans>,
    pub(crate) providers: Providers,
    pub(crate) payments: Arc<PaymentsSettings>,
    /// Wakes whoever handles providers' events when one was stored.
    pub(crate) received: Arc<Notify>,
}

impl App {
    /// The parts that need no broker: for the server and for the command line.
    pub(crate) fn build(settings: &BillingSettings) -> anyhow::Result<Self> {
        Ok(Self {
            db: Db::new(&settings.database)?,
            outbox: Outbox::default(),
            clock: Arc::new(SystemClock),
            plans: Arc::new(settings.plans.load()?),
            providers: Providers::connect(&settings.payments, &settings.outbound)?,
            payments: Arc::new(settings.payments.clone()),
            received: Arc::default(),
        })
    }
}

impl Service for Billing {
    const NAME: &'static str = "billing";
    type Settings = BillingSettings;

    fn migrations() -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn openapi() -> utoipa::openapi::OpenApi {
        openapi::document()
    }

    fn sections(settings: &BillingSettings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings) {
        (&settings.server, &settings.database, &settings.telemetry)
    }

    fn lacks(settings: &BillingSettings) -> Vec<&'static str> {
        let is_free = settings.payments.provider == "none";
        is_free.then_some("No payment provider is configured: the free plan serves everybody.").into_iter().collect()
    }

    async fn serve(
        settings: BillingSettings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let bus = Bus::new(Self::NAME, &settings.broker);
        let app = App::build(&settings)?;
        let verifier = InternalVerifier::new(&settings.internal)?;
        let tasks = TaskTracker::new();
        if roles.worker {
            spawn_workers(&tasks, &app, &bus, settings.housekeeping, &shutdown);
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

fn spawn_workers(
    tasks: &TaskTracker,
    app: &App,
    bus: &Bus,
    housekeeping: HousekeepingSettings,
    shutdown: &CancellationToken,
) {
    let relay = Relay::new(app.db.clone(), bus.clone(), app.outbox.clone());
    let usage = Consumer::new(bus.clone(), bus::queue("billing.usage"), Arc::new(OnUsage(app.clone())));
    tasks.spawn(relay.run(shutdown.clone()));
    // Nobody waits for a count, and one commit for hundreds of records costs what one for a single record does.
    tasks.spawn(usage.linger(COUNT_LINGER).run(shutdown.clone()));
    tasks.spawn(jobs::handle_events(app.clone(), shutdown.clone()));
    tasks.spawn(jobs::watch_standings(app.clone(), shutdown.clone()));
    tasks.spawn(jobs::reconcile(app.clone(), shutdown.clone()));
    tasks.spawn(jobs::report_usage(app.clone(), shutdown.clone()));
    tasks.spawn(jobs::housekeep(app.clone(), housekeeping, shutdown.clone()));
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

/// Without the broker the status is answered as it was last known.
fn broker_check(bus: Bus) -> HealthCheck {
    HealthCheck::optional("broker", "Check that RabbitMQ runs and VERDICT__BROKER__URL.", move || {
        let bus = bus.clone();
        Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
    })
}
