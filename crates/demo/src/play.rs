//! `play`: sends the demo's records as signed webhooks, shows what becomes of them, and does a reviewer's work.
//!
//! It is a demonstration and a check in one: whatever does not happen as the product promises ends it with an error.

mod board;
mod closing;
mod deliveries;
mod expect;
mod outcome;
mod review;
mod sender;
mod tally;

use std::sync::Mutex;
use std::time::Duration;

use crate::api::{Api, Caller};
use crate::cli::PlayArgs;
use crate::feed::Feed;
use crate::state::State;
use crate::{chance, clock, ui};

use outcome::Outcomes;
use tally::Tally;

/// How far the clocks of this machine and the gateway's may differ.
const CLOCK_SLACK_MINUTES: i64 = 5;
/// Events shown at the end.
const LAST_EVENTS: usize = 12;

/// What the parts of one play share.
pub(crate) struct Stage {
    /// The tenant's owner.
    pub(crate) api: Api,
    /// Whoever delivers: signatures are all they have.
    pub(crate) outside: Api,
    pub(crate) state: State,
    /// Keeps the ids of this play apart from those of earlier ones.
    pub(crate) run: String,
}

pub(crate) async fn run(args: &PlayArgs) -> anyhow::Result<()> {
    let state = State::require(&args.at.state)?;
    let stage = Stage {
        api: state.owner(&args.at.gateway)?,
        outside: Api::new(&args.at.gateway, Caller::Nobody)?,
        state,
        run: chance::run_name(),
    };
    let started = clock::rfc3339(clock::now() - chrono::Duration::minutes(CLOCK_SLACK_MINUTES));
    let mut feed = Feed::since(started.clone()).keeping(LAST_EVENTS);
    let mut outcomes = Outcomes::default();

    let deliveries = deliveries::plan(&stage.run)?;
    ui::say(format!("Sending {} signed deliveries from three sources (run {}).", deliveries.len(), stage.run));
    let tally = Mutex::new(Tally::default());
    let pace = Duration::from_millis(args.pace_ms);
    let (sent, watched) = tokio::join!(
        sender::send_all(&stage, &deliveries, &tally, pace),
        board::watch(&stage.api, &mut feed, &mut outcomes, &tally, deliveries.len()),
    );
    // A refusal of the gateway explains more than the watcher that then waits in vain.
    sent?;
    watched?;

    let tally = tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    expect::deliveries_answered(&tally, &deliveries)?;
    expect::forged_left_no_record(&stage.api, &deliveries).await?;
    expect::records_agree(&stage.api, &tally, &outcomes, &started).await?;
    expect::people_are_asked(&stage.api, &tally, &outcomes).await?;

    let review = review::run(&stage, &tally, &mut feed, &mut outcomes).await?;
    closing::print(&stage.api, &mut feed, &tally, &outcomes, &review).await
}
