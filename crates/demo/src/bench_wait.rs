//! `bench-wait`: waits until so many records are decided and told of, without getting in the way of what is measured.
//!
//! The totals of `GET /reports/summary` say when the decisions are made. The feed's positions count its events, so its
//! last one says whether all are there; only its last seconds are read for that. `--read-feed` counts them one by one.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::api::Api;
use crate::cli::BenchWaitArgs;
use crate::feed::Feed;
use crate::state::State;
use crate::{clock, ui};

const EVERY: Duration = Duration::from_millis(500);

/// Totals of the summary.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    records: u64,
    classified: u64,
    pending_review: u64,
    decided: u64,
}

pub(crate) async fn run(args: &BenchWaitArgs) -> anyhow::Result<()> {
    let state = State::require(&args.at.state)?;
    let api = state.owner(&args.at.gateway)?;
    let begun = Instant::now();
    let deadline = begun + Duration::from_secs(args.timeout);
    let mut since = clock::now();
    let mut totals = Totals::default();
    loop {
        let looked = clock::now();
        totals = totals_of(&api).await?.or(totals);
        if totals.decided >= args.expect {
            break;
        }
        if Instant::now() >= deadline {
            bail!(
                "after {} s only {} of {} records are decided: {totals:?}",
                args.timeout,
                totals.decided,
                args.expect
            );
        }
        since = looked;
        sleep(EVERY).await;
    }
    let decided_seconds = begun.elapsed().as_secs_f64();
    let events = if args.read_feed {
        count_events(&api, args.expect, deadline).await?
    } else {
        let wanted = state.feed_position + 2 * args.expect;
        last_position(&api, since, wanted, deadline).await? - state.feed_position
    };
    ui::say(json!({
        "seconds": rounded(begun.elapsed().as_secs_f64()),
        "decidedSeconds": rounded(decided_seconds),
        "records": totals.records,
        "classified": totals.classified,
        "pendingReview": totals.pending_review,
        "events": events,
    }));
    Ok(())
}

impl Totals {
    /// A summary that knows nothing yet does not take back what an earlier one said.
    fn or(self, before: Self) -> Self {
        if self.records >= before.records { self } else { before }
    }
}

async fn totals_of(api: &Api) -> anyhow::Result<Totals> {
    let summary: Value = api.get("/reports/summary", &[]).await?;
    let of = |name: &str| summary["totals"][name].as_u64().unwrap_or(0);
    let (classified, pending_review) = (of("decidedByMachine"), of("reviewRequested"));
    Ok(Totals { records: of("received"), classified, pending_review, decided: classified + pending_review })
}

/// The feed's last position, found by reading only what happened lately; waits until it is `wanted`.
async fn last_position(api: &Api, since: DateTime<Utc>, wanted: u64, deadline: Instant) -> anyhow::Result<u64> {
    let mut reach = chrono::Duration::seconds(1);
    let mut position = 0;
    let mut feed = Feed::since(clock::rfc3339(since - reach));
    loop {
        let read = feed.drain(api, |event| position = position.max(event.position)).await?;
        if position >= wanted {
            return Ok(position);
        }
        if Instant::now() >= deadline {
            bail!("the records are decided, but the feed stands at position {position} of {wanted}");
        }
        if read == 0 {
            // What came last into the feed may have happened a while before: look further back.
            reach = reach * 2;
            feed = Feed::since(clock::rfc3339(since - reach));
        }
        sleep(EVERY).await;
    }
}

/// Reads the whole feed until each of `expect` records was ingested and decided in it; the count of such events.
async fn count_events(api: &Api, expect: u64, deadline: Instant) -> anyhow::Result<u64> {
    let mut feed = Feed::from_start();
    let (mut ingested, mut decided, mut events) = (HashSet::new(), HashSet::new(), 0);
    loop {
        let each = |event: &crate::model::Event| {
            let Some(record) = event.record_id() else { return };
            if event.kind == "INGESTED" {
                ingested.insert(record.to_owned());
                events += 1;
            } else if event.is_decision() {
                decided.insert(record.to_owned());
                events += 1;
            }
        };
        feed.drain(api, each).await?;
        if ingested.len() as u64 >= expect && decided.len() as u64 >= expect {
            return Ok(events);
        }
        if Instant::now() >= deadline {
            bail!("the feed tells of {} ingested and {} decided of {expect}", ingested.len(), decided.len());
        }
        sleep(EVERY).await;
    }
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
