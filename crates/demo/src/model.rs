//! The resources as the API shows them, cut to the fields that this tool looks at.

use serde::Deserialize;
use serde_json::Value;

/// Whatever has a name: a label, a rule.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

/// What a webhook's sender is told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub(crate) record_id: Option<String>,
    #[serde(default)]
    pub(crate) duplicate: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) label: Option<String>,
    pub(crate) stage: Option<String>,
    #[serde(default)]
    pub(crate) reasoning: Option<Reasoning>,
}

impl Record {
    /// Whether a machine has decided or a person has been asked. `failed` is an end too, but not one that a record
    /// of this tool may come to.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.status.as_str(), "classified" | "pending_review" | "approved" | "overridden" | "archived")
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Reasoning {
    pub(crate) summary: String,
    pub(crate) rule: Option<RuleRef>,
    pub(crate) why_human: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RuleRef {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Subject {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) position: u64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) subject: Subject,
    pub(crate) source_agent: String,
    pub(crate) occurred_at: String,
    #[serde(default)]
    pub(crate) data: Value,
}

impl Event {
    /// The record that the event is about, if it is about one.
    pub(crate) fn record_id(&self) -> Option<&str> {
        if self.subject.kind == "record" { Some(&self.subject.id) } else { self.data["recordId"].as_str() }
    }

    /// Whether it tells that a machine decided or that a person is asked.
    pub(crate) fn is_decision(&self) -> bool {
        matches!(self.kind.as_str(), "CLASSIFIED" | "REVIEW_REQUESTED")
    }

    /// What the machine's step rests on: the decision's own reasoning, or that of its proposal.
    pub(crate) fn reasoning(&self) -> Reasoning {
        let reasoning = [&self.data["reasoning"], &self.data["proposal"]["reasoning"]];
        reasoning.into_iter().find_map(|value| Reasoning::deserialize(value).ok()).unwrap_or_default()
    }

    /// The label decided on or proposed.
    pub(crate) fn label(&self) -> Option<&str> {
        self.data["label"].as_str().or_else(|| self.data["proposal"]["label"].as_str())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalStats {
    pub(crate) pending: u64,
}

/// An open question to a person.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approval {
    pub(crate) id: String,
    #[serde(default)]
    record_id: Option<String>,
    #[serde(default)]
    record: Value,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    proposal: Value,
}

impl Approval {
    pub(crate) fn record_id(&self) -> Option<&str> {
        let nested = ["id", "recordId"].into_iter().find_map(|key| self.record[key].as_str());
        self.record_id.as_deref().or(nested)
    }

    /// The label that the machine proposes; none when no step came to one.
    pub(crate) fn proposed_label(&self) -> Option<&str> {
        self.label.as_deref().or_else(|| self.proposal["label"].as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_names_its_record_and_its_rule() {
        let event: Event = serde_json::from_value(json!({
            "id": "e", "position": 4, "type": "CLASSIFIED", "sourceAgent": "processing",
            "occurredAt": "2025-10-13T07:14:46Z", "subject": {"type": "record", "id": "r"},
            "data": {"label": "travel", "reasoning": {"summary": "s", "rule": {"id": "x", "version": 1, "name": "n"}}},
        }))
        .expect("the shape of the feed");
        assert_eq!(event.record_id(), Some("r"));
        assert_eq!(event.label(), Some("travel"));
        assert_eq!(event.reasoning().rule.map(|rule| rule.name).as_deref(), Some("n"));
        assert!(event.is_decision());
    }
}
