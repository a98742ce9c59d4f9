//! What the gateway answered to the deliveries so far, by source.

use std::collections::{BTreeMap, HashMap};

use super::deliveries::{Delivery, Manner};
use crate::sign::Provider;
use crate::ui;

/// The answer to one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Stored { record_id: String },
    Duplicate { record_id: String },
    Refused { code: String },
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: usize,
    pub(crate) stored: usize,
    pub(crate) duplicate: usize,
    pub(crate) rejected: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    by_source: BTreeMap<Provider, Counts>,
    /// Delivery id to record.
    records: HashMap<String, String>,
    /// Answers that are not the ones promised.
    pub(crate) surprises: Vec<String>,
    /// Nothing more will be sent.
    pub(crate) finished: bool,
}

impl Tally {
    /// Counts a reply; `retried` when an earlier try of the same delivery got no answer and may have arrived.
    pub(crate) fn take(&mut self, delivery: &Delivery, reply: Reply, retried: bool) {
        let known = self.records.get(&delivery.id).cloned();
        let counts = self.by_source.entry(delivery.provider).or_default();
        counts.sent += 1;
        match &reply {
            Reply::Stored { .. } => counts.stored += 1,
            Reply::Duplicate { .. } if retried && delivery.manner == Manner::Valid => counts.stored += 1,
            Reply::Duplicate { .. } => counts.duplicate += 1,
            Reply::Refused { .. } => counts.rejected += 1,
        }
        let as_promised = match (delivery.manner, &reply) {
            (Manner::Valid, Reply::Stored { .. }) => true,
            (Manner::Valid, Reply::Duplicate { .. }) => retried,
            (Manner::Duplicate, Reply::Duplicate { record_id }) => known.as_ref() == Some(record_id),
            (Manner::Forged, Reply::Refused { code }) => code == "invalid_signature",
            (Manner::Stale, Reply::Refused { code }) => code == "stale_signature",
            _ => false,
        };
        if !as_promised {
            self.surprises.push(format!("{:?} delivery {} was answered with {reply:?}", delivery.manner, delivery.id));
        }
        if let (Manner::Valid, Reply::Stored { record_id } | Reply::Duplicate { record_id }) = (delivery.manner, reply)
        {
            self.records.insert(delivery.id.clone(), record_id);
        }
    }

    /// The ids of the records stored in this run.
    pub(crate) fn record_ids(&self) -> impl Iterator<Item = &String> {
        self.records.values()
    }

    pub(crate) fn stored(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn total(&self) -> Counts {
        self.by_source.values().fold(Counts::default(), |sum, counts| Counts {
            sent: sum.sent + counts.sent,
            stored: sum.stored + counts.stored,
            duplicate: sum.duplicate + counts.duplicate,
            rejected: sum.rejected + counts.rejected,
        })
    }

    /// The counts as a table.
    pub(crate) fn table(&self) -> String {
        let row = |name: &str, counts: Counts| {
            let cells = [counts.sent, counts.stored, counts.duplicate, counts.rejected];
            [name.to_owned()].into_iter().chain(cells.map(|cell| cell.to_string())).collect()
        };
        let mut rows: Vec<Vec<String>> =
            self.by_source.iter().map(|(provider, counts)| row(provider.as_str(), *counts)).collect();
        rows.push(row("all sources", self.total()));
        ui::table(&["source", "received", "stored", "duplicate", "rejected"], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(id: &str, manner: Manner) -> Delivery {
        Delivery {
            provider: Provider::Generic,
            manner,
            id: id.to_owned(),
            event: "",
            body: String::new(),
            external_id: None,
        }
    }

    fn stored(id: &str) -> Reply {
        Reply::Stored { record_id: id.to_owned() }
    }

    fn duplicate(id: &str) -> Reply {
        Reply::Duplicate { record_id: id.to_owned() }
    }

    #[test]
    fn a_duplicate_has_to_name_the_first_record() {
        let mut tally = Tally::default();
        tally.take(&delivery("d", Manner::Valid), stored("r"), false);
        tally.take(&delivery("d", Manner::Duplicate), duplicate("r"), false);
        assert!(tally.surprises.is_empty());
        tally.take(&delivery("d", Manner::Duplicate), duplicate("other"), false);
        tally.take(&delivery("d", Manner::Duplicate), stored("new"), false);
        assert_eq!(tally.surprises.len(), 2);
        assert_eq!(tally.stored(), 1);
    }

    #[test]
    fn a_retry_may_find_its_record_there() {
        let mut tally = Tally::default();
        tally.take(&delivery("d", Manner::Valid), duplicate("r"), true);
        assert!(tally.surprises.is_empty());
        assert_eq!(tally.total().stored, 1);
    }

    #[test]
    fn refusals_need_their_own_code() {
        let mut tally = Tally::default();
        let refused = |code: &str| Reply::Refused { code: code.to_owned() };
        tally.take(&delivery("f", Manner::Forged), refused("invalid_signature"), false);
        tally.take(&delivery("s", Manner::Stale), refused("stale_signature"), false);
        assert!(tally.surprises.is_empty());
        tally.take(&delivery("s", Manner::Stale), refused("invalid_signature"), false);
        tally.take(&delivery("f", Manner::Forged), stored("r"), false);
        assert_eq!(tally.surprises.len(), 2);
    }
}
