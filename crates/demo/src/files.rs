//! `play --file`: sends the user's own records, reports what was not taken, and waits for the decisions.

mod batch;
mod github;
mod item;
mod lines;
mod table;
mod wait;

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::api::{Api, Caller};
use crate::cli::At;
use crate::feed::Feed;
use crate::state::State;
use crate::{clock, ui};

use item::Parsed;

/// Lines of the report shown one by one.
const SHOWN: usize = 20;
/// How far the clocks of this machine and the gateway's may differ.
const CLOCK_SLACK_MINUTES: i64 = 5;

/// What became of the sending.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Records stored now.
    pub(crate) accepted: usize,
    /// Records that were there already.
    pub(crate) duplicates: usize,
    /// `where: why`, for what was not taken.
    pub(crate) rejected: Vec<String>,
    /// Every record, old and new.
    pub(crate) ids: Vec<String>,
}

pub(crate) async fn run(at: &At, file: &Path) -> anyhow::Result<()> {
    let state = State::require(&at.state)?;
    let feed = Feed::since(clock::rfc3339(clock::now() - chrono::Duration::minutes(CLOCK_SLACK_MINUTES)));
    let payloads = github::find(file)?;
    let sent = if payloads.is_empty() {
        let key = state.api_key.clone().context("the state has no API key; run `verdict-demo setup`")?;
        let api = Api::new(&at.gateway, Caller::Key(key))?;
        let parsed = parse(file)?;
        ui::say(format!("{}: {} records to send", file.display(), parsed.items.len()));
        batch::send(&api, parsed).await?
    } else {
        let outside = Api::new(&at.gateway, Caller::Nobody)?;
        ui::say(format!("{}: {} GitHub payloads to deliver", file.display(), payloads.len()));
        github::send(&outside, &state, &payloads).await?
    };
    report(&sent);
    if sent.ids.is_empty() {
        bail!("nothing of {} was taken", file.display());
    }
    wait::until_decided(&state.owner(&at.gateway)?, feed, &sent).await
}

fn parse(file: &Path) -> anyhow::Result<Parsed> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("file");
    let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_ascii_lowercase();
    match kind.as_str() {
        "csv" => table::parse(&bytes, stem),
        "ndjson" | "jsonl" => lines::parse_lines(&bytes, stem),
        "json" => lines::parse_document(&bytes, stem),
        other => bail!("cannot tell what a .{other} file is; give .csv, .ndjson, .jsonl or .json, or a folder"),
    }
}

fn report(sent: &Sent) {
    ui::say(format!("{} accepted, {} already there, {} rejected", sent.accepted, sent.duplicates, sent.rejected.len()));
    for line in sent.rejected.iter().take(SHOWN) {
        ui::say(format!("  {line}"));
    }
    if sent.rejected.len() > SHOWN {
        ui::say(format!("  … and {} more", sent.rejected.len() - SHOWN));
    }
}
