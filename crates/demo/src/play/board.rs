//! The live table: what was sent, and what the API says became of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

use super::outcome::{Outcomes, Sums};
use super::tally::{Counts, Tally};
use crate::api::Api;
use crate::feed::Feed;
use crate::model::ApprovalStats;
use crate::ui::{self, Live};

const EVERY: Duration = Duration::from_millis(400);
/// How long the feed may stand still while records are on their way.
const STALL: Duration = Duration::from_secs(60);

/// How many questions wait for a person.
pub(super) async fn pending(api: &Api) -> anyhow::Result<u64> {
    Ok(api.get::<ApprovalStats>("/approvals/stats", &[]).await?.pending)
}

/// Redraws until everything is sent and every stored record is decided or with a person.
pub(super) async fn watch(
    api: &Api,
    feed: &mut Feed,
    outcomes: &mut Outcomes,
    tally: &Mutex<Tally>,
    planned: usize,
) -> anyhow::Result<()> {
    let mut live = Live::start();
    let mut progress = (0, Instant::now());
    loop {
        feed.drain(api, |event| outcomes.take(event)).await?;
        let queue = pending(api).await?;
        let (table, sums, total, finished) = {
            let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            (tally.table(), outcomes.sums(tally.record_ids()), tally.total(), tally.finished)
        };
        live.show(&full(&table, &sums, total, queue, planned), &line(&sums, total, queue, planned));
        if finished && sums.on_the_way == 0 {
            live.finish();
            ui::say(full(&table, &sums, total, queue, planned));
            return Ok(());
        }
        let decided = total.stored - sums.on_the_way.min(total.stored);
        if decided != progress.0 || !finished {
            progress = (decided, Instant::now());
        } else if progress.1.elapsed() > STALL {
            live.finish();
            bail!("{} records are still on their way; nothing moved for {} s", sums.on_the_way, STALL.as_secs());
        }
        sleep(EVERY).await;
    }
}

fn full(table: &str, sums: &Sums, total: Counts, queue: u64, planned: usize) -> String {
    let mut lines = vec![
        format!("  {}  {} of {planned} deliveries", ui::share_bar(total.sent, planned), total.sent),
        String::new(),
        table.to_owned(),
        String::new(),
        format!("  by rule                 {:>6}", sums.rule),
        format!("  waiting for a person    {:>6}   ({queue} in the queue altogether)", sums.person),
        format!("  on the way              {:>6}", sums.on_the_way),
    ];
    if sums.machine > 0 {
        lines.push(format!("  by embedding or model   {:>6}", sums.machine));
    }
    if !sums.rules.is_empty() {
        lines.push(format!("  busiest rules: {}", sums.busiest(3)));
    }
    lines.join("\n")
}

fn line(sums: &Sums, total: Counts, queue: u64, planned: usize) -> String {
    format!(
        "received {}/{planned} · stored {} · duplicate {} · rejected {} · by rule {} · waiting for a person {} \
         (queue {queue}) · on the way {}",
        total.sent, total.stored, total.duplicate, total.rejected, sums.rule, sums.person, sums.on_the_way
    )
}
