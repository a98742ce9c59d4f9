//! `verdict-demo`: plays records into a running Verdict and looks at what comes out.
//!
//! A pure client of the gateway: it knows the HTTP contract and nothing that lies behind it, so what it shows and
//! checks is what any customer of the product would see.

mod api;
mod bench;
mod bench_wait;
mod chance;
mod cli;
mod clock;
mod corpus;
mod data;
mod feed;
mod files;
mod integration;
mod load;
mod model;
mod play;
mod setup;
mod sign;
mod state;
mod ui;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::note(format!("verdict-demo: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Setup(args) => Box::pin(setup::run(&args)).await,
        Command::Play(args) => match &args.file {
            Some(file) => Box::pin(files::run(&args.at, file)).await,
            None => Box::pin(play::run(&args)).await,
        },
        Command::BenchPrepare(args) => Box::pin(bench::run(&args)).await,
        Command::BenchWait(args) => Box::pin(bench_wait::run(&args)).await,
        Command::Load(args) => Box::pin(load::run(&args)).await,
        Command::Verify(args) => Box::pin(verify::run(&args)).await,
    }
}
