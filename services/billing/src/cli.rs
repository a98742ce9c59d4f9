//! The command line: what every service has, and what an operator does to billing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, Clock as _, DateTime, SystemClock, TenantId};
use db::{Connection, DbError};
use payments::SubscriptionStatus;

use crate::app::{App, Billing};
use crate::settings::BillingSettings;
use crate::store::subscriptions;
use crate::usecases::reconcile::{Report, reconcile};
use crate::usecases::set_subscription::{Setting, set_subscription};

#[derive(Debug, Parser)]
#[command(version, about = "The billing service of Verdict")]
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
    /// Compare every subscription with the payment provider, repair what differs, and say what was done.
    Reconcile {
        /// Only this tenant.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
    /// The subscription of a customer who is invoiced.
    #[command(subcommand)]
    Subscription(SubscriptionCommand),
}

#[derive(Debug, Subcommand)]
enum SubscriptionCommand {
    /// Say what a tenant is on.
    Set(Set),
    /// Show what a tenant is on.
    Show {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
    },
}

#[derive(Debug, Args)]
struct Set {
    /// The tenant.
    #[arg(long)]
    tenant: TenantId,
    /// A plan that has a price.
    #[arg(long)]
    plan: String,
    /// active, trialing, past_due, unpaid, paused or canceled.
    #[arg(long, default_value = "active", value_parser = status)]
    status: SubscriptionStatus,
    /// Until when it was paid, as RFC 3339.
    #[arg(long)]
    until: Option<DateTime>,
}

/// Runs the command given on the command line.
pub async fn run() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    let outcome = match command.unwrap_or(Command::Common(web::Command::Serve)) {
        Command::Common(command) => return web::run_command::<Billing>(config, command).await,
        Command::Reconcile { tenant } => compare(config.as_deref(), tenant).await,
        Command::Subscription(SubscriptionCommand::Set(set)) => set_plan(config.as_deref(), set).await,
        Command::Subscription(SubscriptionCommand::Show { tenant }) => show(config.as_deref(), tenant).await,
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "verdict-billing: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn status(name: &str) -> Result<SubscriptionStatus, String> {
    SubscriptionStatus::parse(name).ok_or_else(|| {
        let names: Vec<&str> = SubscriptionStatus::ALL.iter().map(|status| status.as_str()).collect();
        format!("no such status; there are {}", names.join(", "))
    })
}

fn app(config: Option<&Path>) -> anyhow::Result<App> {
    // Only one TLS provider is built in; naming it spares rustls the guess.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    App::build(&settings::load::<BillingSettings>(config)?)
}

async fn compare(config: Option<&Path>, tenant: Option<TenantId>) -> anyhow::Result<ExitCode> {
    let report = reconcile(&app(config)?, tenant).await?;
    print_report(&report)?;
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_report(report: &Report) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let Report { customers, missed_events, repairs, failures } = report;
    writeln!(
        out,
        "Customers compared: {customers}. Events that had never come: {missed_events}, stored to be handled."
    )?;
    for repair in repairs {
        writeln!(out, "repaired: {repair}")?;
    }
    for failure in failures {
        writeln!(out, "failed: {failure}")?;
    }
    if repairs.is_empty() && failures.is_empty() {
        writeln!(out, "Nothing differed.")?;
    }
    Ok(())
}

async fn set_plan(config: Option<&Path>, set: Set) -> anyhow::Result<ExitCode> {
    let app = app(config)?;
    let actor = Actor { name: Some("operator".to_owned()), ..Actor::service(crate::app::AGENT) };
    let cause = Cause { tenant_id: set.tenant, actor, trace: TraceContext::random(), at: SystemClock.now() };
    let setting = Setting { tenant: set.tenant, plan: set.plan, status: set.status, until: set.until };
    let changes = set_subscription(&app, &cause, setting).await?;
    let mut out = std::io::stdout();
    if changes.is_empty() {
        writeln!(out, "Nothing changed.")?;
    }
    for change in changes {
        writeln!(out, "{}: {} -> {}", change["field"], change["before"], change["after"])?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(config: Option<&Path>, tenant: TenantId) -> anyhow::Result<ExitCode> {
    let app = app(config)?;
    let find = async |connection: &mut Connection| Ok::<_, DbError>(subscriptions::find(connection, tenant).await?);
    let mut out = std::io::stdout();
    match app.db.tenant(tenant, find).await? {
        None => writeln!(out, "The tenant has no subscription; the free plan serves.")?,
        Some(known) => {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            writeln!(out, "plan {}, {}, {}", known.plan, known.status, known.access.as_str())?;
            writeln!(out, "provider {}, subscription {}", or_none(known.provider), or_none(known.subscription_id))?;
            writeln!(out, "reason: {}", or_none(known.reason))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
