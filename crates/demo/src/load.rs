//! `load`: a steady stream of signed webhooks that never gives a delivery up, and a log of what was acknowledged.
//!
//! The log is the other side's promise: whatever stands in it has to be there afterwards, whoever was killed meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::api::{Api, Caller};
use crate::cli::LoadArgs;
use crate::corpus::Corpus;
use crate::integration::{Integration, Parcel};
use crate::model::Receipt;
use crate::sign::Provider;
use crate::state::State;
use crate::{chance, ui};

/// Deliveries in flight at once; when the gateway is away they pile up to here and no further.
const IN_FLIGHT: usize = 256;

struct Sender {
    api: Api,
    integration: Integration,
    corpus: Corpus,
    counts: Counts,
    acknowledged: mpsc::Sender<String>,
    deadline: Instant,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    duplicates: AtomicU64,
    retries: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
}

pub(crate) async fn run(args: &LoadArgs) -> anyhow::Result<()> {
    if args.rate == 0 {
        bail!("--rate has to be at least 1");
    }
    let state = State::require(&args.at.state)?;
    let integration = state.integration(Provider::StandardWebhooks)?.clone();
    let log = OpenOptions::new().create(true).append(true).open(&args.ack_log).await;
    let mut log = log.with_context(|| format!("cannot write {}", args.ack_log.display()))?;
    let (acknowledged, mut lines) = mpsc::channel::<String>(IN_FLIGHT);
    let writer = tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            log.write_all(line.as_bytes()).await?;
            log.flush().await?;
        }
        log.sync_all().await
    });
    let begun = Instant::now();
    let sender = Arc::new(Sender {
        api: Api::new(&args.at.gateway, Caller::Nobody)?,
        integration,
        corpus: Corpus::new(chance::run_name())?,
        counts: Counts::default(),
        acknowledged,
        deadline: begun + Duration::from_secs(args.seconds + args.patience),
    });
    stream(&sender, args, begun).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let Counts { sent, acknowledged, duplicates, retries, refused, unanswered } = &sender.counts;
    ui::say(json!({
        "sent": of(sent),
        "acknowledged": of(acknowledged),
        "acknowledgedAsDuplicate": of(duplicates),
        "retries": of(retries),
        "refused": of(refused),
        "unanswered": of(unanswered),
        "seconds": (seconds * 1000.0).round() / 1000.0,
    }));
    let refused = of(refused);
    // Ends the writer, which then has everything on disk.
    drop(sender);
    writer.await?.with_context(|| format!("cannot write {}", args.ack_log.display()))?;
    if refused > 0 {
        bail!("{refused} valid deliveries were refused");
    }
    Ok(())
}

/// Begins deliveries at the rate until the time is over, then waits for those under way.
async fn stream(sender: &Arc<Sender>, args: &LoadArgs, begun: Instant) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut ticks = interval(Duration::from_secs(1) / args.rate);
    // After a stall the rate is resumed, not made up for: a burst would measure this tool.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    while begun.elapsed() < Duration::from_secs(args.seconds) {
        ticks.tick().await;
        let place = Arc::clone(&places).acquire_owned().await?;
        let sender = Arc::clone(sender);
        tokio::spawn(async move {
            sender.deliver(number).await;
            drop(place);
        });
        number += 1;
    }
    let all = u32::try_from(IN_FLIGHT)?;
    drop(places.acquire_many(all).await?);
    Ok(())
}

impl Sender {
    async fn deliver(&self, number: usize) {
        let add = |counter: &AtomicU64, count: u64| counter.fetch_add(count, Ordering::Relaxed);
        let (delivery_id, body) = (self.corpus.delivery_id(number), self.corpus.body(number));
        let parcel = Parcel { delivery_id: &delivery_id, event: "", body: &body };
        add(&self.counts.sent, 1);
        let delivered = match self.integration.deliver(&self.api, parcel, self.deadline).await {
            Ok(delivered) => delivered,
            Err(error) => {
                add(&self.counts.unanswered, 1);
                ui::note(format!("{error:#}"));
                return;
            }
        };
        add(&self.counts.retries, delivered.retries.into());
        let words = delivered.answer.in_words();
        let receipt = delivered.answer.success("the webhook").and_then(|answer| answer.read::<Receipt>("the webhook"));
        match receipt {
            Ok(Receipt { record_id: Some(record_id), duplicate }) => {
                add(&self.counts.acknowledged, 1);
                add(&self.counts.duplicates, duplicate.into());
                // Fails only when the writer did, which ends the command with its reason.
                let _ = self.acknowledged.send(format!("{record_id}\t{delivery_id}\n")).await;
            }
            _ => {
                add(&self.counts.refused, 1);
                ui::note(format!("delivery {delivery_id} was refused: {words}"));
            }
        }
    }
}
