//! The feed: every event once, positions 1, 2, 3, … without a gap, one `INGESTED` and a decision for each record.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Violations;
use crate::api::Api;
use crate::feed::Feed;
use crate::model::Event;

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    ingested: u32,
    decided: u32,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) events: usize,
    pub(super) ingested: usize,
    pub(super) records: usize,
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    ids: HashSet<String>,
    position: u64,
    records: HashMap<String, Told>,
    faults: Vec<String>,
}

pub(super) async fn check(
    api: &Api,
    acknowledged: &HashMap<String, String>,
    settle_seconds: u64,
    violations: &mut Violations,
) -> anyhow::Result<Counts> {
    let deadline = Instant::now() + Duration::from_secs(settle_seconds);
    let mut feed = Feed::from_start();
    let mut reading = Reading::default();
    loop {
        feed.drain(api, |event| reading.take(event)).await?;
        if reading.tells_of_all(acknowledged) || Instant::now() >= deadline {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    reading.faults.drain(..).for_each(|fault| violations.add(fault));
    for id in acknowledged.keys().filter(|id| !reading.records.contains_key(*id)) {
        violations.add(format!("the feed does not know record {id}"));
    }
    for (id, told) in &reading.records {
        if told.ingested != 1 {
            violations.add(format!("record {id} has {} INGESTED events", told.ingested));
        }
        if told.decided == 0 {
            violations.add(format!("record {id} has neither CLASSIFIED nor REVIEW_REQUESTED"));
        }
    }
    Ok(Counts {
        events: reading.ids.len(),
        ingested: reading.records.values().map(|told| told.ingested as usize).sum(),
        records: reading.records.len(),
    })
}

impl Reading {
    fn take(&mut self, event: &Event) {
        if event.position != self.position + 1 {
            self.faults.push(format!("position {} follows {} (event {})", event.position, self.position, event.id));
        }
        self.position = event.position;
        if !self.ids.insert(event.id.clone()) {
            self.faults.push(format!("event {} came twice, again at position {}", event.id, event.position));
        }
        let Some(record) = event.record_id() else { return };
        let told = self.records.entry(record.to_owned()).or_default();
        told.ingested += u32::from(event.kind == "INGESTED");
        told.decided += u32::from(event.is_decision());
    }

    fn tells_of_all(&self, acknowledged: &HashMap<String, String>) -> bool {
        let complete = |id| self.records.get(id).is_some_and(|told: &Told| told.ingested > 0 && told.decided > 0);
        acknowledged.keys().all(complete) && self.records.values().all(|told| told.ingested > 0 && told.decided > 0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: &str, position: u64, kind: &str, record: &str) -> Event {
        serde_json::from_value(json!({
            "id": id, "position": position, "type": kind, "subject": {"type": "record", "id": record},
            "sourceAgent": "ingestion", "occurredAt": "2025-10-13T07:14:46Z", "data": {},
        }))
        .expect("the shape of the feed")
    }

    #[test]
    fn a_sound_feed_has_no_faults() {
        let mut reading = Reading::default();
        reading.take(&event("a", 1, "INGESTED", "r"));
        assert!(!reading.tells_of_all(&HashMap::new()));
        reading.take(&event("b", 2, "CLASSIFIED", "r"));
        assert!(reading.faults.is_empty());
        assert!(reading.tells_of_all(&HashMap::from([("r".to_owned(), "d".to_owned())])));
    }

    #[test]
    fn gaps_and_repeats_are_faults() {
        let mut reading = Reading::default();
        reading.take(&event("a", 1, "INGESTED", "r"));
        reading.take(&event("b", 3, "CLASSIFIED", "r"));
        reading.take(&event("a", 3, "INGESTED", "r"));
        assert_eq!(reading.faults.len(), 3);
    }
}
