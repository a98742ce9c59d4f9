//! A running service.

use std::net::TcpListener;

use bus::Frame;
use common::event::Event;
use common::{Identity, Principal, Role, TenantId, UserId};
use db::Db;
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel};
use settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, SealingSettings, ServerSettings, TelemetrySettings,
};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use web::{InternalSigner, Roles, Service};

use crate::broker::TAP;
use crate::{Client, TestBroker, TestDb, wait_until};

/// Settings sections that point at the test's own parts.
#[derive(Debug)]
pub struct Resources {
    database: DatabaseSettings,
    broker: BrokerSettings,
    internal: InternalSettings,
    sealing: SealingSettings,
}

impl Resources {
    /// `server`, on a free port.
    #[must_use]
    pub fn server(&self) -> ServerSettings {
        ServerSettings { body_limit_bytes: 1 << 20, shutdown_grace_seconds: 1, ..Default::default() }
    }

    /// `database`.
    #[must_use]
    pub fn database(&self) -> DatabaseSettings {
        self.database.clone()
    }

    /// `broker`.
    #[must_use]
    pub fn broker(&self) -> BrokerSettings {
        self.broker.clone()
    }

    /// `internal`, a fresh key pair.
    #[must_use]
    pub fn internal(&self) -> InternalSettings {
        self.internal.clone()
    }

    /// `sealing`, a fresh key.
    #[must_use]
    pub fn sealing(&self) -> SealingSettings {
        self.sealing.clone()
    }

    /// `telemetry`.
    #[must_use]
    pub fn telemetry(&self) -> TelemetrySettings {
        TelemetrySettings::default()
    }
}

/// A production server on parts of its own.
#[derive(Debug)]
pub struct TestApp {
    base: String,
    database: TestDb,
    broker: TestBroker,
    signer: InternalSigner,
    channel: Channel,
    heard: Mutex<Vec<Event>>,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
    // Ends the server when a test panics; the runtime would otherwise wait for it for ever.
    _stop: DropGuard,
    // Keeps the channel's connection open.
    _connection: lapin::Connection,
}

impl TestApp {
    /// Starts a service in all its roles, with the settings that `configure` makes of the test's resources.
    pub async fn start<S>(configure: impl FnOnce(&Resources) -> S::Settings) -> Self
    where
        S: Service,
        S::Settings: Send + 'static,
    {
        Self::start_as::<S>(Roles { api: true, worker: true }, configure).await
    }

    /// Starts a service in some of its roles.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_as<S>(roles: Roles, configure: impl FnOnce(&Resources) -> S::Settings) -> Self
    where
        S: Service,
        S::Settings: Send + 'static,
    {
        let database = TestDb::create(S::NAME, S::migrations).await;
        let broker = TestBroker::create().await;
        let (private, public) = web::generate_key_pair();
        let internal = InternalSettings { public_keys: public, private_key: Some(private.into()) };
        let sealing = SealingSettings { keys: settings::Sealer::generate_key("test").into() };
        let resources = Resources { database: database.settings(), broker: broker.settings(), internal, sealing };
        let signer = InternalSigner::new(&resources.internal).expect("a fresh pair");

        // The service declares the topology when it connects; doing it first lets the tap hear its first event.
        bus::Bus::new("test", &resources.broker).ping().await.expect("the topology is declared");
        let connection = broker.connect().await;
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        broker.tap(&channel).await;

        let settings = configure(&resources);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let shutdown = CancellationToken::new();
        let server = run_in_background::<S>(settings, roles, listener, shutdown.clone());
        let heard = Mutex::new(Vec::new());
        let stop = shutdown.clone().drop_guard();
        let app = Self {
            base,
            database,
            broker,
            signer,
            channel,
            heard,
            shutdown,
            server,
            _stop: stop,
            _connection: connection,
        };
        wait_until("the service is live", async || {
            let client = app.anonymous();
            client
                .http
                .get(format!("{}/health/live", client.base))
                .send()
                .await
                .ok()
                .filter(|a| a.status().is_success())
        })
        .await;
        app
    }

    /// The service's base URL.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// A client acting as a member of the tenant, as if the gateway had signed them in.
    #[must_use]
    pub fn caller(&self, tenant: TenantId, role: Role) -> Client {
        let identity = Identity {
            tenant_id: tenant,
            principal: Principal::User(UserId::generate().0),
            role,
            scopes: None,
            display_name: format!("{}@example.com", role.as_str()),
        };
        self.caller_as(identity)
    }

    /// A client acting as exactly this identity.
    #[must_use]
    pub fn caller_as(&self, identity: Identity) -> Client {
        Client { identity: Some((self.signer.clone(), identity)), ..self.anonymous() }
    }

    /// A client without an identity.
    ///
    /// # Panics
    /// Never: the client has no special needs.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Client { http, base: self.base.clone(), identity: None }
    }

    /// A pool with the application's role.
    #[must_use]
    pub fn db(&self) -> Db {
        self.database.pool()
    }

    /// The test's database.
    #[must_use]
    pub const fn database(&self) -> &TestDb {
        &self.database
    }

    /// Settings of the test's broker.
    #[must_use]
    pub fn broker(&self) -> BrokerSettings {
        self.broker.settings()
    }

    /// Runs SQL as superuser.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn owner_sql(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// Counts rows as superuser: `count("records WHERE status = 'failed'")`.
    pub async fn count(&self, what: &str) -> i64 {
        self.database.count(what).await
    }

    /// One text that a query names `text`, as superuser.
    pub async fn owner_text(&self, sql: &str) -> String {
        crate::rows::text(&mut self.database.superuser().await, sql).await
    }

    /// Publishes events as another service would.
    ///
    /// # Panics
    /// When the broker refuses them.
    pub async fn publish(&self, events: &[Event]) {
        let texts: Vec<String> =
            events.iter().map(|event| serde_json::to_string(event).expect("an event is JSON")).collect();
        let pairs = events.iter().zip(&texts).map(|(event, text)| (event.kind.as_str(), text.as_str()));
        for frame in Frame::pack(pairs) {
            self.publish_raw(&frame.routing_key, frame.body.as_bytes()).await;
        }
    }

    /// Publishes a message body as it is.
    ///
    /// # Panics
    /// When the broker refuses it.
    pub async fn publish_raw(&self, routing_key: &str, body: &[u8]) {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default().with_delivery_mode(2));
        let exchange = "verdict.events".into();
        let sent = self.channel.basic_publish(exchange, routing_key.into(), options, body, properties).await;
        sent.expect("published").await.expect("confirmed");
    }

    /// Every event published so far, the test's own included, in the order heard.
    ///
    /// # Panics
    /// When the broker fails.
    pub async fn events(&self) -> Vec<Event> {
        let mut heard = self.heard.lock().await;
        let no_ack = BasicGetOptions { no_ack: true };
        while let Some(message) = self.channel.basic_get(TAP.into(), no_ack).await.expect("the tap is readable") {
            heard.extend(Frame::unpack(&message.data).0);
        }
        heard.clone()
    }

    /// Every event of that type so far.
    pub async fn events_of(&self, kind: &str) -> Vec<Event> {
        self.events().await.into_iter().filter(|event| event.kind == kind).collect()
    }

    /// Waits for the first event of that type.
    pub async fn wait_for_event(&self, kind: &str) -> Event {
        wait_until(&format!("an event {kind}"), async || self.events_of(kind).await.into_iter().next()).await
    }

    /// How many events ended in the dead-letter queue.
    pub async fn dead_letters(&self, queue: &str) -> u32 {
        self.broker.depth(&self.channel, &bus::queue(queue).dead_name()).await
    }

    /// Stops the service, asserts that nothing was left in the outbox or given up, and removes database and vhost.
    ///
    /// # Panics
    /// When something was left.
    pub async fn finish(self) {
        wait_until("the outbox is empty", async || (self.count("outbox").await == 0).then_some(())).await;
        for queue in bus::QUEUES {
            let dead = self.broker.depth(&self.channel, &queue.dead_name()).await;
            assert_eq!(dead, 0, "events ended in {} of vhost {}", queue.dead_name(), self.broker.name());
        }
        self.stop().await;
    }

    /// Stops the service and removes database and vhost, for tests that leave something on purpose.
    ///
    /// # Panics
    /// When the service panicked.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.server.await.expect("the service ends without a panic");
        self.broker.drop().await;
        self.database.drop().await;
    }
}

/// Runs the service on a thread and runtime of its own: actix wants to be where its workers are spawned.
fn run_in_background<S>(
    settings: S::Settings,
    roles: Roles,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> JoinHandle<()>
where
    S: Service,
    S::Settings: Send + 'static,
{
    tokio::task::spawn_blocking(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(S::serve(settings, roles, listener, shutdown)).expect("the service runs");
    })
}
