//! Each acknowledged record: exists, has come to rest, and has exactly one decision in force.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Violations;
use crate::api::Api;
use crate::model::Record;

const AT_ONCE: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) found: usize,
    pub(super) by_status: BTreeMap<String, usize>,
    pub(super) current_decisions: usize,
}

enum Seen {
    Missing,
    Record { record: Record, current: usize },
}

pub(super) async fn check(
    api: &Api,
    acknowledged: &HashMap<String, String>,
    settle_seconds: u64,
    violations: &mut Violations,
) -> anyhow::Result<Counts> {
    let deadline = Instant::now() + Duration::from_secs(settle_seconds);
    let mut looks =
        stream::iter(acknowledged.keys().map(|id| look_until_settled(api, id, deadline))).buffer_unordered(AT_ONCE);
    let mut counts = Counts::default();
    while let Some(look) = looks.next().await {
        let (id, seen) = look?;
        let Seen::Record { record, current } = seen else {
            violations.add(format!("record {id} (delivery {}) was acknowledged but is not there", acknowledged[id]));
            continue;
        };
        counts.found += 1;
        counts.current_decisions += current;
        if !record.is_settled() {
            violations.add(format!("record {id} is {}, which is no place to rest", record.status));
        }
        if current != 1 {
            violations.add(format!("record {id} ({}) has {current} current decisions", record.status));
        }
        *counts.by_status.entry(record.status).or_default() += 1;
    }
    Ok(counts)
}

/// Looks until the record is at rest with one decision, or the time for that is over.
async fn look_until_settled<'a>(api: &Api, id: &'a str, deadline: Instant) -> anyhow::Result<(&'a str, Seen)> {
    loop {
        let seen = look(api, id).await?;
        let settled = matches!(&seen, Seen::Record { record, current: 1 } if record.is_settled());
        if settled || Instant::now() >= deadline {
            return Ok((id, seen));
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn look(api: &Api, id: &str) -> anyhow::Result<Seen> {
    let answer = api.call(Method::GET, &format!("/records/{id}"), &[], None).await?;
    if answer.status == 404 {
        return Ok(Seen::Missing);
    }
    let record: Record = answer.success("GET /records/{id}")?.read("GET /records/{id}")?;
    let path = format!("/processing/outcomes/{id}");
    let answer = api.call(Method::GET, &path, &[], None).await?;
    // Processing may not have heard of it yet: no decision so far.
    let outcomes: Vec<Value> =
        if answer.status == 404 { Vec::new() } else { answer.success("GET outcomes")?.read("GET outcomes")? };
    let current = outcomes.iter().filter(|outcome| outcome["current"] == true).count();
    Ok(Seen::Record { record, current })
}
