//! The demo's own data, as committed under `data/`: made-up records, labels and rules.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const MESSAGES: &str = include_str!("../data/support-messages.ndjson");
const TRANSACTIONS: &str = include_str!("../data/bank-transactions.ndjson");
const ISSUES: &str = include_str!("../data/github-issues.ndjson");
const LABELS: &str = include_str!("../data/labels.json");
const RULES: &str = include_str!("../data/rules.json");

/// One made-up record, in the shape that the `generic` and `standard-webhooks` providers map by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) id: String,
    /// Which of the two files it is of; the sources do not send it.
    #[serde(skip_serializing)]
    pub(crate) kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) counterparty: Option<String>,
    pub(crate) occurred_at: String,
    pub(crate) attributes: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    SupportMessage,
    BankTransaction,
}

pub(crate) fn messages() -> anyhow::Result<Vec<Sample>> {
    lines(MESSAGES)
}

pub(crate) fn transactions() -> anyhow::Result<Vec<Sample>> {
    lines(TRANSACTIONS)
}

/// Bodies of GitHub's `issues` webhook.
pub(crate) fn issues() -> anyhow::Result<Vec<Value>> {
    lines(ISSUES)
}

/// Labels as `POST /labels` takes them.
pub(crate) fn labels() -> anyhow::Result<Vec<Value>> {
    Ok(serde_json::from_str(LABELS)?)
}

/// Rules as `POST /rules` takes them.
pub(crate) fn rules() -> anyhow::Result<Vec<Value>> {
    Ok(serde_json::from_str(RULES)?)
}

fn lines<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<Vec<T>> {
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
