//! The command line: what can be asked for, and nothing of how it is done.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Plays made-up or given records into a running Verdict, over its public HTTP interface.
#[derive(Debug, Parser)]
#[command(name = "verdict-demo", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the demo tenant with labels, rules, sources and an API key, or find it again.
    Setup(SetupArgs),
    /// Send the demo's own records, or a file of yours, and show what becomes of them.
    Play(PlayArgs),
    /// Make a tenant for measuring and write signed webhook requests for a load generator.
    BenchPrepare(BenchPrepareArgs),
    /// Wait until so many records are decided and their events are in the feed.
    BenchWait(BenchWaitArgs),
    /// Send unique signed webhooks at a steady rate and log each one that was acknowledged.
    Load(LoadArgs),
    /// Check that every acknowledged record arrived, was decided once, and is told of in the feed.
    Verify(VerifyArgs),
}

/// Where the product is and where this tool keeps what it knows about its tenant.
#[derive(Clone, Debug, Args)]
pub(crate) struct At {
    /// The gateway's address.
    #[arg(long, env = "VERDICT_GATEWAY", default_value = "http://127.0.0.1:8080")]
    pub(crate) gateway: String,
    /// The file with the tenant's credentials; written readable by its owner only.
    #[arg(long, env = "VERDICT_DEMO_STATE", default_value = ".dev/demo.json")]
    pub(crate) state: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Args)]
pub(crate) struct PlayArgs {
    #[command(flatten)]
    pub(crate) at: At,
    /// A CSV, NDJSON or JSON file, or a folder of GitHub payloads, instead of the demo's own records.
    #[arg(long)]
    pub(crate) file: Option<PathBuf>,
    /// Milliseconds between two deliveries, so that one can watch.
    #[arg(long, default_value_t = 20)]
    pub(crate) pace_ms: u64,
}

#[derive(Debug, Args)]
pub(crate) struct BenchPrepareArgs {
    #[command(flatten)]
    pub(crate) at: At,
    /// How many requests to write.
    #[arg(long)]
    pub(crate) count: usize,
    /// The file to write: one `PATH<TAB>HEADERS<TAB>BODY` a line.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct BenchWaitArgs {
    #[command(flatten)]
    pub(crate) at: At,
    /// How many decided records to wait for.
    #[arg(long)]
    pub(crate) expect: u64,
    /// Seconds to wait at most.
    #[arg(long, default_value_t = 300)]
    pub(crate) timeout: u64,
    /// Read the whole feed and count its events one by one, instead of trusting its positions.
    #[arg(long)]
    pub(crate) read_feed: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) at: At,
    /// Deliveries begun per second.
    #[arg(long)]
    pub(crate) rate: u32,
    /// Seconds to go on.
    #[arg(long)]
    pub(crate) seconds: u64,
    /// The file to which each acknowledged record is appended: `RECORD<TAB>DELIVERY`.
    #[arg(long)]
    pub(crate) ack_log: PathBuf,
    /// Seconds for which unanswered deliveries are tried again after the last one was begun.
    #[arg(long, default_value_t = 120)]
    pub(crate) patience: u64,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) at: At,
    /// The file that `load` wrote.
    #[arg(long)]
    pub(crate) ack_log: PathBuf,
    /// Seconds in which records that are still on their way may settle.
    #[arg(long, default_value_t = 60)]
    pub(crate) settle: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
