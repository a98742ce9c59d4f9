//! Waits until all records of a file are decided, and counts what they came to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

use super::Sent;
use crate::api::Api;
use crate::feed::Feed;
use crate::model::{Event, Record};
use crate::ui::{self, Live};

const EVERY: Duration = Duration::from_millis(500);
/// How long nothing may be decided before that is an error.
const STALL: Duration = Duration::from_secs(60);
/// Rows of the table of labels.
const SHOWN: usize = 20;

/// What a record came to: who decided, and what.
type Verdict = (&'static str, String);

/// Follows the feed until it has told of each record, then prints the counts.
pub(super) async fn until_decided(api: &Api, mut feed: Feed, sent: &Sent) -> anyhow::Result<()> {
    let wanted: HashSet<&str> = sent.ids.iter().map(String::as_str).collect();
    let mut verdicts: HashMap<String, Verdict> = HashMap::new();
    let mut live = Live::start();
    let mut progress = (0, Instant::now());
    let mut looked_up = false;
    while verdicts.len() < wanted.len() {
        let each = |event: &Event| {
            if let Some(record) = event.record_id().filter(|id| event.is_decision() && wanted.contains(id)) {
                verdicts.insert(record.to_owned(), verdict_of(event));
            }
        };
        feed.drain(api, each).await?;
        if !looked_up && sent.duplicates > 0 {
            // Records from an earlier time were decided before the feed is read here.
            look_up(api, &wanted, &mut verdicts).await?;
            looked_up = true;
        }
        let (done, total) = (verdicts.len(), wanted.len());
        let line = format!("decided {done} of {total}");
        live.show(&format!("  {}  {line}", ui::share_bar(done, total)), &line);
        if done != progress.0 {
            progress = (done, Instant::now());
        } else if progress.1.elapsed() > STALL {
            live.finish();
            bail!("{} records are still undecided; nothing moved for {} s", total - done, STALL.as_secs());
        }
        if done < total {
            sleep(EVERY).await;
        }
    }
    live.finish();
    print(&verdicts);
    Ok(())
}

fn verdict_of(event: &Event) -> Verdict {
    let label = event.label().unwrap_or("no proposal").to_owned();
    match event.kind.as_str() {
        "CLASSIFIED" => ("decided", label),
        _ => ("waiting for a person", label),
    }
}

/// Asks for those records one by one that the feed has not told of.
async fn look_up(api: &Api, wanted: &HashSet<&str>, verdicts: &mut HashMap<String, Verdict>) -> anyhow::Result<()> {
    for id in wanted {
        if verdicts.contains_key(*id) {
            continue;
        }
        let record: Record = api.get(&format!("/records/{id}"), &[]).await?;
        if record.is_settled() {
            let who = match record.status.as_str() {
                "pending_review" => "waiting for a person",
                "approved" | "overridden" => "decided by a person",
                _ => "decided",
            };
            verdicts.insert(record.id, (who, record.label.unwrap_or_else(|| "no proposal".to_owned())));
        }
    }
    Ok(())
}

fn print(verdicts: &HashMap<String, Verdict>) {
    let mut counts: BTreeMap<&Verdict, usize> = BTreeMap::new();
    for verdict in verdicts.values() {
        *counts.entry(verdict).or_default() += 1;
    }
    let mut rows: Vec<(&&Verdict, &usize)> = counts.iter().collect();
    rows.sort_by_key(|(verdict, count)| (std::cmp::Reverse(**count), **verdict));
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .take(SHOWN)
        .map(|(verdict, count)| vec![format!("{}: {}", verdict.0, verdict.1), count.to_string()])
        .collect();
    ui::heading("What the records came to");
    ui::say(ui::table(&["outcome", "records"], &rows));
    let decided = verdicts.values().filter(|verdict| verdict.0 != "waiting for a person").count();
    ui::say(format!(
        "\n{} records: {decided} decided, {} wait for a person.",
        verdicts.len(),
        verdicts.len() - decided
    ));
}
