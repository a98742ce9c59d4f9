//! What must be true after the deliveries; each function fails with what was not.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::{bail, ensure};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::deliveries::{Delivery, Manner};
use super::outcome::{Outcome, Outcomes};
use super::tally::Tally;
use crate::api::Api;
use crate::model::{Approval, Record};

/// How long one service may lag behind another.
const LAG: Duration = Duration::from_secs(30);
const SHOWN: usize = 5;

/// Each delivery got the answer that its manner deserves.
pub(super) fn deliveries_answered(tally: &Tally, deliveries: &[Delivery]) -> anyhow::Result<()> {
    let surprises = &tally.surprises;
    let shown = surprises.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n  ");
    ensure!(surprises.is_empty(), "{} deliveries were answered otherwise than promised:\n  {shown}", surprises.len());
    let valid = deliveries.iter().filter(|delivery| delivery.manner == Manner::Valid).count();
    ensure!(tally.stored() == valid, "{valid} valid deliveries made {} records", tally.stored());
    Ok(())
}

/// Nothing that was refused is to be found.
pub(super) async fn forged_left_no_record(api: &Api, deliveries: &[Delivery]) -> anyhow::Result<()> {
    let refused = deliveries.iter().filter(|delivery| matches!(delivery.manner, Manner::Forged | Manner::Stale));
    for external_id in refused.filter_map(|delivery| delivery.external_id.clone()) {
        let found: Vec<Value> = api.list("/records", &[("externalId", external_id.clone())]).await?;
        ensure!(found.is_empty(), "the refused delivery {external_id} made a record all the same");
    }
    Ok(())
}

/// `GET /records` comes to say the same as the feed.
pub(super) async fn records_agree(api: &Api, tally: &Tally, outcomes: &Outcomes, started: &str) -> anyhow::Result<()> {
    let query = [("from", started.to_owned())];
    let deadline = Instant::now() + LAG;
    loop {
        let listed: Vec<Record> = api.list("/records", &query).await?;
        let listed: HashMap<&str, &Record> = listed.iter().map(|record| (record.id.as_str(), record)).collect();
        let odd: Vec<String> = tally.record_ids().filter_map(|id| disagreement(id, &listed, outcomes)).collect();
        if odd.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let shown = odd.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n  ");
            bail!("GET /records and GET /events disagree about {} records:\n  {shown}", odd.len());
        }
        sleep(Duration::from_secs(1)).await;
    }
}

fn disagreement(id: &str, listed: &HashMap<&str, &Record>, outcomes: &Outcomes) -> Option<String> {
    let Some(record) = listed.get(id) else { return Some(format!("{id} is not listed")) };
    let agrees = match outcomes.of(id) {
        Some(Outcome::Rule { label, .. }) => {
            record.status == "classified"
                && record.stage.as_deref() == Some("rule")
                && record.label.as_ref() == Some(label)
        }
        Some(Outcome::Machine { .. }) => record.status == "classified",
        // Somebody else may have answered meanwhile.
        Some(Outcome::Person { .. }) => matches!(record.status.as_str(), "pending_review" | "approved" | "overridden"),
        None => false,
    };
    let outcome = outcomes.of(id);
    (!agrees).then(|| format!("{id}: {} {:?} by {:?}, but {outcome:?}", record.status, record.label, record.stage))
}

/// Every record that the feed sent to a person has an open question in the review queue.
pub(super) async fn people_are_asked(api: &Api, tally: &Tally, outcomes: &Outcomes) -> anyhow::Result<()> {
    let asked = |id: &&String| matches!(outcomes.of(id), Some(Outcome::Person { .. }));
    let deadline = Instant::now() + LAG;
    loop {
        let queue: Vec<Approval> = api.list("/approvals", &[("status", "pending".to_owned())]).await?;
        let open: HashSet<&str> = queue.iter().filter_map(Approval::record_id).collect();
        let missing = tally.record_ids().filter(asked).filter(|id| !open.contains(id.as_str())).count();
        if missing == 0 {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("{missing} records were sent to a person, but are not in GET /approvals?status=pending");
        }
        sleep(Duration::from_secs(1)).await;
    }
}
