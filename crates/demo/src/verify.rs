//! `verify`: takes the product at its word. What was acknowledged has to be there, decided once, and told of once.

mod feed_check;
mod record_check;

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::state::State;
use crate::ui;

/// Violations shown one by one; the rest is counted.
const SHOWN: usize = 20;

/// What was found wrong.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

pub(crate) async fn run(args: &VerifyArgs) -> anyhow::Result<()> {
    let state = State::require(&args.at.state)?;
    let api = state.owner(&args.at.gateway)?;
    let log =
        std::fs::read_to_string(&args.ack_log).with_context(|| format!("cannot read {}", args.ack_log.display()))?;
    let mut violations = Violations::default();
    let acknowledged = acknowledged(&log, &mut violations);
    let records = record_check::check(&api, &acknowledged, args.settle, &mut violations).await?;
    let feed = feed_check::check(&api, &acknowledged, args.settle, &mut violations).await?;
    ui::say(json!({
        "acknowledged": acknowledged.len(),
        "records": records.found,
        "byStatus": records.by_status,
        "currentDecisions": records.current_decisions,
        "events": feed.events,
        "ingested": feed.ingested,
        "recordsInFeed": feed.records,
        "violations": violations.len(),
    }));
    for violation in violations.0.iter().take(SHOWN) {
        ui::note(format!("violation: {violation}"));
    }
    if violations.len() > 0 {
        bail!("{} violations", violations.len());
    }
    Ok(())
}

/// Record to delivery. A delivery is one record and a record one delivery, so a second pairing is a violation.
fn acknowledged(log: &str, violations: &mut Violations) -> HashMap<String, String> {
    let mut records: HashMap<String, String> = HashMap::new();
    let mut deliveries: HashMap<&str, &str> = HashMap::new();
    for (number, line) in log.lines().enumerate() {
        let Some((record, delivery)) = line.split_once('\t') else {
            violations.add(format!("line {} of the log is not RECORD<TAB>DELIVERY", number + 1));
            continue;
        };
        if let Some(other) = deliveries.insert(delivery, record).filter(|other| *other != record) {
            violations.add(format!("delivery {delivery} was acknowledged as record {other} and as {record}"));
        }
        if let Some(other) = records.insert(record.to_owned(), delivery.to_owned()).filter(|other| other != delivery) {
            violations.add(format!("record {record} was given for deliveries {other} and {delivery}"));
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_pairs_records_and_deliveries() {
        let mut violations = Violations::default();
        assert_eq!(acknowledged("r1\td1\nr2\td2\nr1\td1\n", &mut violations).len(), 2);
        assert_eq!(violations.len(), 0);
        acknowledged("r1\td1\nr2\td1\nr2\td3\nbroken\n", &mut violations);
        assert_eq!(violations.len(), 3, "{violations:?}");
    }
}
