//! Requests about records, one of each record at a time.

use std::collections::HashSet;

use common::RecordId;

/// Parts the requests into rounds that name each record once: a second one starts from what the first came to. Inside a
/// round they go in the order of records, as all writers of records do, so that two batches cannot lock each other out.
pub(super) fn one_of_each<T>(mut requests: Vec<T>, record: impl Fn(&T) -> RecordId) -> Vec<Vec<T>> {
    requests.sort_by_key(&record);
    let mut rounds = Vec::new();
    while !requests.is_empty() {
        let mut seen = HashSet::new();
        let (round, later): (Vec<_>, Vec<_>) = requests.into_iter().partition(|request| seen.insert(record(request)));
        rounds.push(round);
        requests = later;
    }
    rounds
}
