//! The running gateway: its parts, and what starts in each role.

use std::net::TcpListener;
use std::sync::Arc;

use bus::{Bus, Consumer, Outbox, Relay, queue};
use common::{Clock, SystemClock};
use db::{Db, EmbeddedMigrations, embed_migrations};
use outbound::Outbound;
use settings::{DatabaseSettings, Sealer, ServerSettings, TelemetrySettings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::{Health, HealthCheck, InternalSigner, Roles, Service};

use crate::auth::checker::Checker;
use crate::auth::http::sealed::AnswerKey;
use crate::auth::jobs::{hear_revocations, rotate_keys, sweep};
use crate::auth::keys::KeyRing;
use crate::auth::oidc::Providers;
use crate::auth::passwords::Passwords;
use crate::consumers::on_entitlements_updated::OnEntitlementsUpdated;
use crate::consumers::on_subscription_updated::OnSubscriptionUpdated;
use crate::gate::{Cors, RateLimits};
use crate::mail::{self, Courier};
use crate::settings::GatewaySettings;
use crate::{openapi, server};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/gateway");

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct Gateway;

/// What handlers and use cases share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub settings: Arc<GatewaySettings>,
    pub db: Db,
    pub outbox: Outbox,
    pub clock: Arc<dyn Clock>,
    pub sealer: Arc<Sealer>,
    pub keys: KeyRing,
    pub passwords: Passwords,
    pub checker: Checker,
    pub limits: Arc<RateLimits>,
    pub cors: Cors,
    pub answer_key: AnswerKey,
    /// Tenants' own identity providers.
    pub providers: Providers,
    /// Takes letters away; `None` when the settings name no way.
    pub courier: Option<Courier>,
}

impl App {
    /// Puts the parts together; nothing is connected yet.
    pub(crate) fn build(settings: GatewaySettings) -> anyhow::Result<Self> {
        let db = Db::new(&settings.database)?;
        let sealer = Arc::new(Sealer::new(&settings.sealing)?);
        let keys = KeyRing::new(db.clone(), Arc::clone(&sealer));
        let signer = InternalSigner::new(&settings.internal)?;
        let checker = Checker::new(db.clone(), keys.clone(), signer, &settings.public.url, &settings.auth);
        Ok(Self {
            answer_key: AnswerKey::derive(&settings.sealing),
            providers: Providers::new(Outbound::new(&settings.outbound)?, &settings.sign_in),
            courier: Courier::new(&settings.mail)?,
            passwords: Passwords::new(&settings.auth.hashing)?,
            limits: Arc::new(RateLimits::new(&settings.rate_limits)),
            cors: Cors::new(&settings.cors),
            settings: Arc::new(settings),
            db,
            outbox: Outbox::default(),
            clock: Arc::new(SystemClock),
            sealer,
            keys,
            checker,
        })
    }
}

impl Service for Gateway {
    const NAME: &'static str = "gateway";
    type Settings = GatewaySettings;

    fn migrations() -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn openapi() -> utoipa::openapi::OpenApi {
        openapi::own()
    }

    fn sections(settings: &GatewaySettings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings) {
        (&settings.server, &settings.database, &settings.telemetry)
    }

    fn lacks(settings: &GatewaySettings) -> Vec<&'static str> {
        settings.mail.missing().into_iter().collect()
    }

    async fn serve(
        settings: GatewaySettings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let bus = Bus::new(Self::NAME, &settings.broker);
        let app = App::build(settings)?;
        let background = TaskTracker::new();
        if roles.worker {
            start_background(&app, &bus, &background, &shutdown);
        }
        let health = health(&app, &bus);
        let server = app.settings.server.clone();
        if roles.api {
            background.spawn(hear_revocations::run(app.clone(), shutdown.clone()));
            server::serve(app, health, listener, shutdown.clone()).await?;
        } else {
            web::serve(listener, &server, shutdown.clone(), move |config| {
                config.app_data(actix_web::web::Data::new(health.clone()));
            })
            .await?;
        }
        shutdown.cancel();
        background.close();
        background.wait().await;
        bus.close().await;
        Ok(())
    }
}

fn start_background(app: &App, bus: &Bus, background: &TaskTracker, shutdown: &CancellationToken) {
    background.spawn(Relay::new(app.db.clone(), bus.clone(), app.outbox.clone()).run(shutdown.clone()));
    let handler = Arc::new(OnSubscriptionUpdated { db: app.db.clone() });
    background.spawn(Consumer::new(bus.clone(), queue("gateway.subscriptions"), handler).run(shutdown.clone()));
    let handler = Arc::new(OnEntitlementsUpdated { db: app.db.clone() });
    background.spawn(Consumer::new(bus.clone(), queue("gateway.entitlements"), handler).run(shutdown.clone()));
    background.spawn(rotate_keys::run(app.clone(), shutdown.clone()));
    background.spawn(mail::send::run(app.clone(), shutdown.clone()));
    background.spawn(sweep::run(app.clone(), shutdown.clone()));
}

fn health(app: &App, bus: &Bus) -> Health {
    let bus = bus.clone();
    let broker =
        HealthCheck::optional("broker", "Check that RabbitMQ runs and VERDICT__BROKER__URL; events wait.", move || {
            let bus = bus.clone();
            Box::pin(async move { bus.ping().await.map_err(|error| error.to_string()) })
        });
    let missing = app.settings.mail.missing();
    let mail = HealthCheck::optional("mail", "Set VERDICT__MAIL__SMTP_URL; letters wait.", move || {
        Box::pin(async move { missing.map_or(Ok(()), |missing| Err(missing.to_owned())) })
    });
    Health(vec![HealthCheck::database(app.db.clone()), broker, mail])
}
