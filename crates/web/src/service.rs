//! What every service's `main` does: read the command line and settings, then serve, migrate or explain.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use db::EmbeddedMigrations;
use serde::de::DeserializeOwned;
use settings::{DatabaseSettings, ExposeSecret as _, ServerSettings, TelemetrySettings, Validate};
use tokio_util::sync::CancellationToken;

/// How long consumers, relays and jobs may take to end after the last request did.
const LAST_WORK: Duration = Duration::from_secs(15);

/// Which parts of the service this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Answers HTTP.
    pub api: bool,
    /// Consumes, relays and keeps time.
    pub worker: bool,
}

/// A deployable service.
pub trait Service {
    /// Its name, as in its binary and its database.
    const NAME: &'static str;
    /// Its settings.
    type Settings: DeserializeOwned + Validate;

    /// Its own migrations.
    fn migrations() -> EmbeddedMigrations;
    /// Its part of the OpenAPI document.
    fn openapi() -> utoipa::openapi::OpenApi;
    /// The sections that this runner needs.
    fn sections(settings: &Self::Settings) -> (&ServerSettings, &DatabaseSettings, &TelemetrySettings);
    /// What the settings lack though they can be used, for `check-config`.
    fn lacks(_settings: &Self::Settings) -> Vec<&'static str> {
        Vec::new()
    }
    /// Runs until `shutdown`; in the worker role the listener serves health checks only.
    fn serve(
        settings: Self::Settings,
        roles: Roles,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> impl Future<Output = anyhow::Result<()>>;
}

#[derive(Debug, Parser)]
#[command(version, about = "A service of Verdict")]
struct Cli {
    /// A TOML file with settings; the environment overrides it.
    #[arg(long, env = "VERDICT_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Answer HTTP and do background work (the default).
    Serve,
    /// Answer HTTP only.
    Api,
    /// Do background work only; HTTP answers health checks.
    Worker,
    /// Bring the database up to date, with the owner's role.
    Migrate,
    /// Say whether the settings can work.
    CheckConfig,
    /// Print the service's OpenAPI document.
    Openapi,
}

/// Runs the command given on the command line.
pub async fn run<S: Service>() -> ExitCode {
    let cli = Cli::parse();
    run_command::<S>(cli.config, cli.command.unwrap_or(Command::Serve)).await
}

/// Runs one command, for a service whose own command line has more of them than [`run`] knows.
pub async fn run_command<S: Service>(config: Option<PathBuf>, command: Command) -> ExitCode {
    // Only one TLS provider is built in; naming it spares rustls the guess.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match execute::<S>(config, command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "verdict-{}: {error:#}", S::NAME);
            ExitCode::FAILURE
        }
    }
}

async fn execute<S: Service>(config: Option<PathBuf>, command: Command) -> anyhow::Result<()> {
    if command == Command::Openapi {
        return Ok(writeln!(std::io::stdout(), "{}", S::openapi().to_pretty_json()?)?);
    }
    let settings: S::Settings = settings::load(config.as_deref())?;
    let (server, database, telemetry) = S::sections(&settings);
    match command {
        Command::CheckConfig => {
            let mut out = std::io::stdout();
            writeln!(out, "The settings of verdict-{} can be used.", S::NAME)?;
            S::lacks(&settings).into_iter().try_for_each(|lack| writeln!(out, "{lack}"))?;
            Ok(())
        }
        Command::Migrate => migrate::<S>(database).await,
        Command::Serve | Command::Api | Command::Worker | Command::Openapi => {
            let _telemetry = telemetry::init(S::NAME, telemetry)?;
            let address = (server.host.as_str(), server.port);
            let listener = TcpListener::bind(address).with_context(|| {
                format!("cannot listen on {}:{}; set VERDICT__SERVER__PORT to a free port", address.0, address.1)
            })?;
            tracing::info!(address = %listener.local_addr()?, "listening");
            let roles = Roles { api: command != Command::Worker, worker: command != Command::Api };
            let shutdown = shutdown_on_signal()?;
            let patience = Duration::from_secs(server.shutdown_grace_seconds) + LAST_WORK;
            tokio::select! {
                outcome = S::serve(settings, roles, listener, shutdown.clone()) => {
                    tracing::info!("stopped");
                    outcome
                }
                // A broker or database that accepts and says nothing must not keep the process from ending. What
                // was acknowledged is on disk, and what was not comes again.
                () = after(shutdown, patience) => anyhow::bail!("did not stop within {} s", patience.as_secs()),
            }
        }
    }
}

async fn migrate<S: Service>(database: &DatabaseSettings) -> anyhow::Result<()> {
    let url = database.migration_url.as_ref().context("set VERDICT__DATABASE__MIGRATION_URL to the owner's URL")?;
    let ran = db::migrate(url.expose_secret(), S::migrations()).await?;
    let mut out = std::io::stdout();
    if ran.is_empty() {
        return Ok(writeln!(out, "verdict-{}: the database is up to date", S::NAME)?);
    }
    Ok(writeln!(out, "verdict-{}: ran {}", S::NAME, ran.join(", "))?)
}

async fn after(shutdown: CancellationToken, patience: Duration) {
    shutdown.cancelled().await;
    tokio::time::sleep(patience).await;
}

/// A token that SIGINT and SIGTERM cancel.
fn shutdown_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        cancel.cancel();
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        exit_now();
    });
    Ok(token)
}

/// For somebody who asks twice. Everything acknowledged is durable, so nothing is lost by it.
#[expect(clippy::disallowed_methods, reason = "a second signal asks for exactly this")]
fn exit_now() -> ! {
    std::process::exit(130)
}
