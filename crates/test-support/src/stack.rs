//! All six services as real processes, on databases and a vhost of their own.
//!
//! The binaries are those beside the test's own target folder: `cargo build --bins` first, as `make test` does.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::database::{as_role, connect, variable, with_database};
use crate::{CutProxy, TestBroker, wait_until};

/// The services, in the order in which they start.
pub const SERVICES: [&str; 6] = ["reporting", "billing", "approvals", "processing", "ingestion", "gateway"];

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    name: String,
    admin: String,
    broker: TestBroker,
    /// Stands between the services and the broker; cutting it takes the broker away.
    pub broker_line: CutProxy,
    /// Stands between the services and PostgreSQL.
    pub database_line: CutProxy,
    ports: HashMap<&'static str, u16>,
    secrets: Secrets,
    children: HashMap<&'static str, Child>,
    logs: PathBuf,
    /// What every service is given in its environment besides its settings.
    extra: Vec<(&'static str, String)>,
    /// What one service alone is given: service, name, value.
    own: Vec<(&'static str, &'static str, String)>,
}

#[derive(Debug)]
struct Secrets {
    private_key: String,
    public_keys: String,
    sealing_keys: String,
}

impl Stack {
    /// Makes databases and a vhost, migrates, starts all services and waits until they are ready.
    ///
    /// # Panics
    /// When something does not start; the message names its log.
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// The same, with more in every service's environment.
    ///
    /// # Panics
    /// When something does not start; the message names its log.
    pub async fn start_with(extra: Vec<(&'static str, String)>) -> Self {
        Self::start_configured(extra, Vec::new()).await
    }

    /// The same, with settings for single services: service, name, value.
    ///
    /// # Panics
    /// When something does not start; the message names its log.
    pub async fn start_configured(
        extra: Vec<(&'static str, String)>,
        own: Vec<(&'static str, &'static str, String)>,
    ) -> Self {
        let admin = variable("VERDICT_TEST_DATABASE_URL");
        let broker = TestBroker::create().await;
        let name = format!("stack_{}", Uuid::new_v4().simple());
        let logs = binary("gateway").with_file_name("stack-logs").join(&name);
        std::fs::create_dir_all(&logs).expect("a writable target folder");
        let (private_key, public_keys) = web::generate_key_pair();
        let sealing_keys = settings::Sealer::generate_key("test");
        let mut stack = Self {
            broker_line: CutProxy::start(&host_of(&broker.url())).await,
            database_line: CutProxy::start(&host_of(&admin)).await,
            name,
            admin,
            broker,
            ports: SERVICES.map(|service| (service, free_port())).into(),
            secrets: Secrets { private_key, public_keys, sealing_keys },
            children: HashMap::new(),
            logs,
            extra,
            own,
        };
        let mut connection = connect(&stack.admin).await;
        for service in SERVICES {
            let create = format!("CREATE DATABASE {} OWNER verdict_owner", stack.database(service));
            connection.batch_execute(&create).await.expect("create a database");
            let ran = stack.command(service, "migrate").status().await.expect("the binary runs");
            assert!(ran.success(), "migrating {service} failed; see {}", stack.logs.display());
        }
        for service in SERVICES {
            stack.spawn(service);
        }
        for service in SERVICES {
            stack.wait_until_ready(service).await;
        }
        stack
    }

    /// The gateway's base URL.
    #[must_use]
    pub fn gateway(&self) -> String {
        self.url("gateway")
    }

    /// A service's own base URL, for tests that go past the gateway.
    #[must_use]
    pub fn url(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports[service])
    }

    /// A service's database as superuser.
    #[must_use]
    pub fn database_url(&self, service: &str) -> String {
        with_database(&self.admin, &self.database(service))
    }

    /// Where ingestion keeps the bytes of files.
    #[must_use]
    pub fn files_folder(&self) -> PathBuf {
        self.logs.join("files")
    }

    /// The process id of a running service.
    #[must_use]
    pub fn pid(&self, service: &str) -> Option<u32> {
        self.children.get(service).and_then(Child::id)
    }

    /// Ends a service as a power cut would: SIGKILL.
    ///
    /// # Panics
    /// When it was not running.
    pub async fn kill(&mut self, service: &'static str) {
        let mut child = self.children.remove(service).expect("the service was running");
        child.kill().await.expect("the process can be ended");
    }

    /// Starts a service that is not running and waits until it is ready.
    pub async fn restart(&mut self, service: &'static str) {
        self.spawn(service);
        self.wait_until_ready(service).await;
    }

    /// Stops everything and removes databases, vhost and logs.
    ///
    /// # Panics
    /// When a database cannot be dropped.
    pub async fn finish(mut self) {
        for service in SERVICES {
            if self.children.contains_key(service) {
                self.kill(service).await;
            }
        }
        let mut connection = connect(&self.admin).await;
        for service in SERVICES {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", self.database(service));
            connection.batch_execute(&drop).await.expect("drop a database");
        }
        self.broker.drop().await;
        // What is left of the logs is of no use once all went well.
        let _ = std::fs::remove_dir_all(&self.logs);
    }

    fn database(&self, service: &str) -> String {
        format!("{}_{service}", self.name)
    }

    fn spawn(&mut self, service: &'static str) {
        let child = self.command(service, "serve").spawn().expect("the binary runs");
        self.children.insert(service, child);
    }

    async fn wait_until_ready(&self, service: &str) {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(3)).build().expect("a client");
        let url = format!("{}/health/ready", self.url(service));
        let log = self.logs.join(format!("{service}.log"));
        wait_until(&format!("{service} is ready; its log is {}", log.display()), async || {
            client.get(&url).send().await.ok().filter(|answer| answer.status().is_success())
        })
        .await;
    }

    fn command(&self, service: &str, action: &str) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(self.logs.join(format!("{service}.log")));
        let log = log.expect("a writable log");
        let errors = log.try_clone().expect("a second handle");
        let through_line = self.database_line.replace_host(&self.database_url(service));
        let mut command = Command::new(binary(service));
        command.arg(action).kill_on_drop(true).stdin(Stdio::null()).stdout(log).stderr(errors);
        if service == "processing" {
            // The same on every machine, whatever weights it has; a test of them says so itself.
            command.env("VERDICT__EMBEDDINGS__SOURCE", "hashed");
        }
        command.envs(self.extra.iter().map(|(name, value)| (name, value)));
        let own = self.own.iter().filter(|(of, ..)| *of == service);
        command.envs(own.map(|(_, name, value)| (name, value)));
        command
            .env("VERDICT__SERVER__PORT", self.ports[service].to_string())
            .env("VERDICT__DATABASE__URL", as_role(&through_line, "verdict_app"))
            .env("VERDICT__DATABASE__MIGRATION_URL", as_role(&self.database_url(service), "verdict_owner"))
            .env("VERDICT__BROKER__URL", self.broker_line.replace_host(&self.broker.url()))
            .env("VERDICT__TELEMETRY__LEVEL", "info")
            .env("VERDICT__INTERNAL__PUBLIC_KEYS", &self.secrets.public_keys);
        // A service refuses settings that it does not know, so each gets what is its own.
        if ["gateway", "ingestion"].contains(&service) {
            command.env("VERDICT__PUBLIC__URL", self.gateway());
            command.env("VERDICT__SEALING__KEYS", &self.secrets.sealing_keys);
        }
        if service == "ingestion" {
            command.env("VERDICT__FILES__STORE__FOLDER", self.files_folder());
            // The providers of sources are servers that tests start.
            command.env("VERDICT__OUTBOUND__ALLOW", "127.0.0.1");
        }
        if service == "gateway" {
            command.env("VERDICT__INTERNAL__PRIVATE_KEY", &self.secrets.private_key);
            for upstream in SERVICES.iter().filter(|name| **name != "gateway") {
                command.env(format!("VERDICT__UPSTREAMS__{}", upstream.to_uppercase()), self.url(upstream));
            }
        }
        command
    }
}

/// The binary of a service: in `VERDICT_BIN_DIR`, or beside the running test's `deps` folder.
fn binary(service: &str) -> PathBuf {
    let beside_test = || {
        let test = std::env::current_exe().expect("a running test has a path");
        test.ancestors().nth(2).expect("target/<profile>/deps").to_owned()
    };
    let folder = std::env::var_os("VERDICT_BIN_DIR").map_or_else(beside_test, PathBuf::from);
    let path = folder.join(format!("verdict-{service}"));
    assert!(path.exists(), "{} is missing; run `cargo build --bins`, or `make test`", path.display());
    path
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn host_of(url: &str) -> String {
    let authority = url.split_once("://").expect("a URL").1.split('/').next().expect("an authority");
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}
