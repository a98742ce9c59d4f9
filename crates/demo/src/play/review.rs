//! A reviewer's work: agrees with some proposals, overrules one with a new rule, and sees the rule decide the next.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::Stage;
use super::deliveries;
use super::outcome::{Outcome, Outcomes};
use super::sender;
use super::tally::{Reply, Tally};
use crate::data::{Kind, Sample};
use crate::feed::Feed;
use crate::model::{Approval, Named, Record};
use crate::{clock, ui};

/// Proposals agreed with.
const APPROVALS: usize = 5;
/// How long one step may take to be seen by the next service.
const LAG: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(250);
/// The label that the lesson teaches.
const LABEL: &str = "promotion_question";

/// What the reviewer did, for the closing words.
#[derive(Debug)]
pub(crate) struct Review {
    pub(crate) approved: usize,
    pub(crate) code: String,
    pub(crate) rule: String,
}

pub(super) async fn run(
    stage: &Stage,
    tally: &Tally,
    feed: &mut Feed,
    outcomes: &mut Outcomes,
) -> anyhow::Result<Review> {
    ui::heading("A person reviews");
    let approved = approve_some(stage, tally).await?;
    // A code that no earlier play has used, so that no earlier play's rule knows it.
    let code = format!("NOVA-{}", stage.run.to_uppercase());
    let rule = format!("Campaign {code}");

    let first = ask(stage, "promo-1", first_question(&code)).await?;
    match wait_for_outcome(stage, feed, outcomes, &first).await? {
        Outcome::Person { why } => {
            ui::say(format!("A question about {code} comes in; it goes to a person ({}).", why.replace('_', " ")));
        }
        other => bail!("a question about {code} was expected to go to a person, but: {other:?}"),
    }
    let rule_id = override_with_rule(stage, &first, &code, &rule).await?;
    wait_for_rule(stage, feed, outcomes, &rule_id, &rule).await?;
    ui::say(format!("It is overruled to {LABEL}, together with the new rule “{rule}”."));

    let second = ask(stage, "promo-2", second_question(&code)).await?;
    match wait_for_outcome(stage, feed, outcomes, &second).await? {
        Outcome::Rule { rule_id: by, label, .. } if by == rule_id && label == LABEL => {}
        other => bail!("the next question about {code} was expected to be decided by “{rule}”, but: {other:?}"),
    }
    let record = wait_for_status(stage, &second, "classified").await?;
    let summary = record.reasoning.map(|reasoning| reasoning.summary).unwrap_or_default();
    ui::say(format!("The next question about {code}, in other words, is decided by that rule. {summary}"));
    Ok(Review { approved, code, rule })
}

/// Agrees with a few proposals and makes sure that each can be answered only once.
async fn approve_some(stage: &Stage, tally: &Tally) -> anyhow::Result<usize> {
    let ours: std::collections::HashSet<&String> = tally.record_ids().collect();
    let queue: Vec<Approval> = stage.api.list("/approvals", &[("status", "pending".to_owned())]).await?;
    let mut approved = 0;
    for approval in queue {
        let Some(record) = approval.record_id().map(ToOwned::to_owned).filter(|id| ours.contains(id)) else { continue };
        let Some(label) = approval.proposed_label() else { continue };
        let path = format!("/approvals/{}", approval.id);
        stage.api.post::<Value>(&format!("{path}/claim"), &json!({})).await?;
        let body = json!({"comment": "Seen in the demo; the proposal is right."});
        stage.api.post::<Value>(&format!("{path}/approve"), &body).await?;
        if approved == 0 {
            let again = stage.api.call(Method::POST, &format!("{path}/approve"), &[], Some(&body)).await?;
            let code = again.code().to_owned();
            ensure!(again.status == 409 && code == "already_decided", "a second answer got {}", again.in_words());
        }
        let seen = wait_for_status(stage, &record, "approved").await?;
        ensure!(seen.label.as_deref() == Some(label), "approved as {label}, but the record says {:?}", seen.label);
        approved += 1;
        if approved == APPROVALS {
            break;
        }
    }
    ensure!(approved > 0, "no question of this run has a proposal to agree with");
    ui::say(format!("{approved} proposals are approved; a second answer to one is refused with already_decided."));
    Ok(approved)
}

fn first_question(code: &str) -> String {
    format!("Good morning, the postcard you sent me says {code}. Is that for anything in the shop or for candles only?")
}

fn second_question(code: &str) -> String {
    format!("my sister got the card with {code} on it and doesn't want it, may I use hers as well as mine? thx, Lou")
}

/// Sends a support message and gives its record.
async fn ask(stage: &Stage, name: &str, text: String) -> anyhow::Result<String> {
    let attributes = Map::from_iter([("channel".to_owned(), "email".into()), ("language".to_owned(), "en".into())]);
    let sample = Sample {
        id: name.to_owned(),
        kind: Kind::SupportMessage,
        title: None,
        text,
        amount: None,
        currency: None,
        counterparty: None,
        occurred_at: clock::rfc3339(clock::now()),
        attributes,
    };
    match sender::send(stage, &deliveries::message(sample, &stage.run)).await? {
        (Reply::Stored { record_id } | Reply::Duplicate { record_id }, _) => Ok(record_id),
        (Reply::Refused { code }, _) => bail!("a valid message was refused with {code}"),
    }
}

/// Overrules the machine about a record and gives the id of the rule made of it.
async fn override_with_rule(stage: &Stage, record: &str, code: &str, rule: &str) -> anyhow::Result<String> {
    let approval = wait_for_approval(stage, record).await?;
    let body = json!({
        "label": LABEL,
        "comment": format!("Everything that names {code} is about the autumn postcard."),
        "rule": {"name": rule, "condition": format!("record.text.contains({code:?})"), "priority": 5},
    });
    let answer: Value = stage.api.post(&format!("/approvals/{approval}/override"), &body).await?;
    let rule_id = answer["ruleId"].as_str().context("the override gave no ruleId")?.to_owned();
    let seen = wait_for_status(stage, record, "overridden").await?;
    ensure!(seen.label.as_deref() == Some(LABEL), "overruled to {LABEL}, but the record says {:?}", seen.label);
    Ok(rule_id)
}

async fn wait_for_approval(stage: &Stage, record: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + LAG;
    loop {
        let queue: Vec<Approval> = stage.api.list("/approvals", &[("status", "pending".to_owned())]).await?;
        if let Some(approval) = queue.into_iter().find(|approval| approval.record_id() == Some(record)) {
            return Ok(approval.id);
        }
        ensure!(Instant::now() < deadline, "record {record} went to a person, but is not in the review queue");
        sleep(EVERY).await;
    }
}

/// Waits until the rule can be read and the feed tells of it.
async fn wait_for_rule(
    stage: &Stage,
    feed: &mut Feed,
    outcomes: &mut Outcomes,
    rule_id: &str,
    name: &str,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + LAG;
    loop {
        let answer = stage.api.call(Method::GET, &format!("/rules/{rule_id}"), &[], None).await?;
        feed.drain(&stage.api, |event| outcomes.take(event)).await?;
        if answer.is_success() && outcomes.rules_created.contains_key(rule_id) {
            let made: Named = answer.read("GET /rules/{id}")?;
            ensure!(made.name == name, "the override's rule is called {}, not {name}", made.name);
            return Ok(());
        }
        let told = outcomes.rules_created.contains_key(rule_id);
        ensure!(
            Instant::now() < deadline,
            "the override's rule {rule_id} did not come: GET /rules/{{id}} {}, RULE_CREATED in the feed: {told}",
            answer.in_words()
        );
        sleep(EVERY).await;
    }
}

async fn wait_for_outcome(
    stage: &Stage,
    feed: &mut Feed,
    outcomes: &mut Outcomes,
    record: &str,
) -> anyhow::Result<Outcome> {
    let deadline = Instant::now() + LAG;
    loop {
        feed.drain(&stage.api, |event| outcomes.take(event)).await?;
        if let Some(outcome) = outcomes.of(record) {
            return Ok(outcome.clone());
        }
        ensure!(Instant::now() < deadline, "record {record} was not decided within {} s", LAG.as_secs());
        sleep(EVERY).await;
    }
}

async fn wait_for_status(stage: &Stage, record: &str, status: &str) -> anyhow::Result<Record> {
    let deadline = Instant::now() + LAG;
    loop {
        let seen: Record = stage.api.get(&format!("/records/{record}"), &[]).await?;
        if seen.status == status {
            return Ok(seen);
        }
        ensure!(Instant::now() < deadline, "record {record} was expected to become {status}, but is {}", seen.status);
        sleep(EVERY).await;
    }
}
