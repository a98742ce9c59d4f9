//! The command line: what every service has, and what only the gateway can do.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use common::{Clock as _, Identity, Principal, Role, SystemClock, TenantId, UserId};
use settings::Sealer;
use web::{IDENTITY_HEADER, InternalSigner};

use crate::app::{App, Gateway};
use crate::settings::GatewaySettings;

#[derive(Debug, Parser)]
#[command(version, about = "The gateway of Verdict")]
struct Cli {
    /// A TOML file with settings; the environment overrides it.
    #[arg(long, env = "VERDICT_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Common(web::Command),
    /// Print fresh keys in the form that the settings take.
    Keygen,
    /// Make a new key for access tokens; the one before goes on verifying.
    RotateKeys,
    /// Print an identity as the gateway signs it for services, good for a minute; for measurements and repairs.
    MintInternal {
        /// The tenant to act in.
        #[arg(long)]
        tenant: TenantId,
        /// The role to act with.
        #[arg(long, default_value = "owner", value_parser = role)]
        role: Role,
    },
}

/// Runs the command given on the command line.
pub async fn run() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    let outcome = match command.unwrap_or(Command::Common(web::Command::Serve)) {
        Command::Common(command) => return web::run_command::<Gateway>(config, command).await,
        Command::Keygen => keygen(),
        Command::RotateKeys => rotate_keys(config.as_deref()).await,
        Command::MintInternal { tenant, role } => mint_internal(config.as_deref(), tenant, role),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "verdict-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn role(name: &str) -> Result<Role, String> {
    Role::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("no such role; there are {}", names.join(", "))
    })
}

fn keygen() -> anyhow::Result<()> {
    let (private, public) = web::generate_key_pair();
    let mut out = std::io::stdout();
    writeln!(out, "VERDICT__INTERNAL__PRIVATE_KEY={private}")?;
    writeln!(out, "VERDICT__INTERNAL__PUBLIC_KEYS={public}")?;
    writeln!(out, "VERDICT__SEALING__KEYS={}", Sealer::generate_key("k1"))?;
    Ok(())
}

async fn rotate_keys(config: Option<&Path>) -> anyhow::Result<()> {
    let app = App::build(settings::load::<GatewaySettings>(config)?)?;
    let kid = app.keys.rotate(app.clock.now()).await.context("the signing key was not rotated")?;
    Ok(writeln!(std::io::stdout(), "Access tokens are signed with the new key {kid} within 10 seconds.")?)
}

fn mint_internal(config: Option<&Path>, tenant: TenantId, role: Role) -> anyhow::Result<()> {
    let settings = settings::load::<GatewaySettings>(config)?;
    let identity = Identity {
        tenant_id: tenant,
        principal: Principal::User(UserId::generate().0),
        role,
        scopes: None,
        display_name: "minted on the command line".to_owned(),
    };
    let token = InternalSigner::new(&settings.internal)?.sign(&identity, SystemClock.now());
    Ok(writeln!(std::io::stdout(), "{IDENTITY_HEADER}: {token}")?)
}
