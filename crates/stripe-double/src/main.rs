//! `stripe-double`: a Stripe to try subscriptions with, without an account.

use std::net::TcpListener;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use serde_json::Value;
use stripe_double::{Double, Seed};

#[derive(Debug, Parser)]
#[command(version, about = "A double of Stripe: customers, subscriptions, hosted pages, webhooks; no money moves")]
struct Cli {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8420")]
    listen: String,
    /// Plans whose prices are there from the beginning, as billing reads them.
    #[arg(long)]
    plans: Option<PathBuf>,
    /// Where webhooks go.
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// What signs them.
    #[arg(long, env = "STRIPE_DOUBLE_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut seed = Seed { webhook: cli.webhook_url.zip(cli.webhook_secret), ..Seed::default() };
    if let Some(file) = &cli.plans {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        seed.prices = prices(&serde_json::from_str(&text)?);
    }
    let listener = TcpListener::bind(&cli.listen).with_context(|| format!("cannot listen on {}", cli.listen))?;
    let double = Double::start(listener, &seed)?;
    {
        use std::io::Write as _;
        writeln!(std::io::stdout(), "A double of Stripe listens on {}; no money moves.", double.base())?;
    }
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome?,
        _ = terminate.recv() => {}
    }
    double.stop().await;
    Ok(())
}

fn prices(plans: &Value) -> Vec<(String, String, u64, String, Option<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for plan in plans["plans"].as_array().into_iter().flatten() {
        let Some(price) = plan["priceRef"].as_str() else { continue };
        let (name, currency) = (text(&plan["name"]), text(&plan["currency"]));
        let minor = plan["priceMinor"].as_u64().unwrap_or(0);
        found.push((name.clone(), price.to_owned(), minor, currency.clone(), None));
        if let Some(metered) = plan["metered"]["priceRef"].as_str() {
            let meter = Some(text(&plan["metered"]["meter"]));
            found.push((format!("{name}: records beyond the plan"), metered.to_owned(), 1, currency, meter));
        }
    }
    found
}
