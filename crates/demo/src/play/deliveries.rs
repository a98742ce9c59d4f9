//! What is delivered, in which order, and how each delivery is expected to be answered.

use std::collections::HashMap;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::data::{self, Sample};
use crate::sign::Provider;

/// Of each source's deliveries one in so many is sent again, has a forged signature, is too old.
const DUPLICATE_EVERY: usize = 12;
const FORGED_EVERY: usize = 32;
const STALE_EVERY: usize = 45;
/// How much later a duplicate follows its original.
const DUPLICATE_AFTER: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Valid,
    /// The same delivery id and body as one before.
    Duplicate,
    /// Signed with another secret than the source's.
    Forged,
    /// Signed rightly, an hour ago.
    Stale,
}

#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) provider: Provider,
    pub(crate) manner: Manner,
    pub(crate) id: String,
    pub(crate) event: &'static str,
    pub(crate) body: String,
    /// The record's own id at its source; GitHub's payloads have none of ours.
    pub(crate) external_id: Option<String>,
}

/// All deliveries of a run. The same run gives the same plan.
pub(crate) fn plan(run: &str) -> anyhow::Result<Vec<Delivery>> {
    let mut plan = Vec::new();
    // (position, delivery) of duplicates that are due later.
    let mut later: Vec<(usize, Delivery)> = Vec::new();
    let mut sent: HashMap<Provider, usize> = HashMap::new();
    for (position, valid) in valid(run)?.into_iter().enumerate() {
        let time_is_signed = valid.provider.signs_time();
        let count = sent.entry(valid.provider).or_default();
        let number = *count;
        *count += 1;
        if number % DUPLICATE_EVERY == 3 {
            later.push((position + DUPLICATE_AFTER, Delivery { manner: Manner::Duplicate, ..valid.clone() }));
        }
        if number % FORGED_EVERY == 5 {
            plan.push(unwelcome(&valid, Manner::Forged, number, run)?);
        }
        if number % STALE_EVERY == 11 && time_is_signed {
            plan.push(unwelcome(&valid, Manner::Stale, number, run)?);
        }
        plan.push(valid);
        let due = later.iter().position(|(at, _)| *at <= position);
        plan.extend(due.map(|index| later.remove(index).1));
    }
    plan.extend(later.into_iter().map(|(_, duplicate)| duplicate));
    Ok(plan)
}

/// Each record once; the three sources take turns as they would on a working day.
fn valid(run: &str) -> anyhow::Result<Vec<Delivery>> {
    let mut messages = data::messages()?.into_iter();
    let mut transactions = data::transactions()?.into_iter();
    let mut issues = data::issues()?.into_iter();
    let mut valid = Vec::new();
    loop {
        let before = valid.len();
        valid.extend(messages.next().map(|sample| message(sample, run)));
        valid.extend(transactions.next().map(|sample| transaction(sample, run)));
        if valid.len() % 40 < 2 {
            valid.extend(issues.next().map(|body| issue(&body, run)));
        }
        if valid.len() == before {
            break;
        }
    }
    valid.extend(issues.map(|body| issue(&body, run)));
    Ok(valid)
}

/// A support message as the `generic` source sends it: the record itself.
pub(crate) fn message(mut sample: Sample, run: &str) -> Delivery {
    sample.id = format!("{}-{run}", sample.id);
    let body = json!(sample).to_string();
    Delivery {
        provider: Provider::Generic,
        manner: Manner::Valid,
        id: format!("desk-{}", sample.id),
        event: "message.received",
        body,
        external_id: Some(sample.id),
    }
}

/// A transaction as the `standard-webhooks` source sends it: wrapped as that specification advises.
fn transaction(mut sample: Sample, run: &str) -> Delivery {
    sample.id = format!("{}-{run}", sample.id);
    let body = json!({"type": "transaction.booked", "timestamp": sample.occurred_at, "data": sample}).to_string();
    Delivery {
        provider: Provider::StandardWebhooks,
        manner: Manner::Valid,
        id: format!("msg_{}", sample.id),
        event: "transaction.booked",
        body,
        external_id: Some(sample.id),
    }
}

fn issue(body: &Value, run: &str) -> Delivery {
    // GitHub numbers its deliveries with UUIDs; this one is the same for the same issue of the same run.
    let name = format!("{run}/{}/{}", body["repository"]["full_name"], body["issue"]["number"]);
    Delivery {
        provider: Provider::Github,
        manner: Manner::Valid,
        id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, name.as_bytes()).to_string(),
        event: "issues",
        body: body.to_string(),
        external_id: None,
    }
}

/// A delivery that must be refused. It carries ids of its own, so that a record made of it would be found.
fn unwelcome(like: &Delivery, manner: Manner, number: usize, run: &str) -> anyhow::Result<Delivery> {
    let name = format!("{}-{number}-{run}", if manner == Manner::Forged { "forged" } else { "stale" });
    let mut body: Value = serde_json::from_str(&like.body).context("a body of the plan is JSON")?;
    let record = if body.get("data").is_some() { &mut body["data"] } else { &mut body };
    record["id"] = name.clone().into();
    Ok(Delivery {
        manner,
        id: name.clone(),
        body: body.to_string(),
        external_id: like.external_id.as_ref().map(|_| name),
        ..like.clone()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_plan_has_deliveries_of_every_manner() {
        let plan = plan("test").expect("the data set reads");
        let count = |manner| plan.iter().filter(|delivery| delivery.manner == manner).count();
        assert!(count(Manner::Valid) >= 300);
        assert!(count(Manner::Duplicate) >= 20);
        assert!(count(Manner::Forged) >= 8);
        assert!(count(Manner::Stale) >= 5);
    }

    #[test]
    fn a_duplicate_follows_its_original_and_equals_it() {
        let plan = plan("test").expect("the data set reads");
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for delivery in &plan {
            let known = seen.contains(&(delivery.id.as_str(), delivery.body.as_str()));
            assert_eq!(known, delivery.manner == Manner::Duplicate, "{}", delivery.id);
            seen.insert((&delivery.id, &delivery.body));
        }
    }

    #[test]
    fn every_source_sends_and_github_is_never_stale() {
        let plan = plan("test").expect("the data set reads");
        for manner in [Manner::Valid, Manner::Duplicate, Manner::Forged] {
            let of_manner = plan.iter().filter(|delivery| delivery.manner == manner);
            let providers: HashSet<Provider> = of_manner.map(|delivery| delivery.provider).collect();
            assert_eq!(providers.len(), 3, "{manner:?}");
        }
        assert!(!plan.iter().any(|it| it.manner == Manner::Stale && it.provider == Provider::Github));
    }
}
