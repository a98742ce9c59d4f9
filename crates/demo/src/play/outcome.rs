//! What became of each record, as the event feed tells it.

use std::collections::{BTreeMap, HashMap};

use crate::model::Event;

/// What a machine came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A rule decided.
    Rule { rule_id: String, rule: String, label: String },
    /// Another step decided.
    Machine { stage: String },
    /// A person is asked; with the label proposed, if there is one.
    Person { why: String },
}

#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    by_record: HashMap<String, Outcome>,
    /// Rules made, by id, in case one is waited for.
    pub(crate) rules_created: HashMap<String, String>,
}

/// How many of some records came to what.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) rule: usize,
    pub(crate) machine: usize,
    pub(crate) person: usize,
    pub(crate) on_the_way: usize,
    pub(crate) rules: BTreeMap<String, usize>,
    pub(crate) why: BTreeMap<String, usize>,
}

impl Outcomes {
    pub(crate) fn take(&mut self, event: &Event) {
        if event.kind == "RULE_CREATED" {
            let name = event.data["name"].as_str().unwrap_or_default();
            self.rules_created.insert(event.subject.id.clone(), name.to_owned());
        }
        let Some(record) = event.record_id().filter(|_| event.is_decision()) else { return };
        let reasoning = event.reasoning();
        let outcome = match (event.kind.as_str(), reasoning.rule) {
            ("CLASSIFIED", Some(rule)) => {
                Outcome::Rule { rule_id: rule.id, rule: rule.name, label: event.label().unwrap_or_default().to_owned() }
            }
            ("CLASSIFIED", None) => {
                Outcome::Machine { stage: event.data["stage"].as_str().unwrap_or("unknown").to_owned() }
            }
            _ => Outcome::Person { why: reasoning.why_human.unwrap_or_else(|| "no reason given".to_owned()) },
        };
        self.by_record.insert(record.to_owned(), outcome);
    }

    pub(crate) fn of(&self, record_id: &str) -> Option<&Outcome> {
        self.by_record.get(record_id)
    }

    pub(crate) fn sums<'a>(&self, records: impl Iterator<Item = &'a String>) -> Sums {
        let mut sums = Sums::default();
        for record in records {
            match self.by_record.get(record) {
                Some(Outcome::Rule { rule, .. }) => {
                    sums.rule += 1;
                    *sums.rules.entry(rule.clone()).or_default() += 1;
                }
                Some(Outcome::Machine { .. }) => sums.machine += 1,
                Some(Outcome::Person { why }) => {
                    sums.person += 1;
                    *sums.why.entry(why.clone()).or_default() += 1;
                }
                None => sums.on_the_way += 1,
            }
        }
        sums
    }
}

impl Sums {
    /// The busiest rules in one line.
    pub(crate) fn busiest(&self, count: usize) -> String {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|(name, matches)| (std::cmp::Reverse(**matches), name.as_str()));
        rules.iter().take(count).map(|(name, matches)| format!("{name} {matches}")).collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str, record: &str, data: &Value) -> Event {
        serde_json::from_value(json!({
            "id": "e", "position": 1, "type": kind, "subject": {"type": "record", "id": record},
            "sourceAgent": "processing", "occurredAt": "2025-10-13T07:14:46Z", "data": data,
        }))
        .expect("the shape of the feed")
    }

    #[test]
    fn each_record_counts_once() {
        let mut outcomes = Outcomes::default();
        let rule = json!({"id": "x", "version": 1, "name": "Food shops"});
        let decided = json!({"label": "groceries", "reasoning": {"summary": "", "rule": rule}});
        let asked = json!({"proposal": {"reasoning": {"summary": "", "whyHuman": "no_stage_decided"}}});
        outcomes.take(&event("CLASSIFIED", "a", &decided));
        outcomes.take(&event("CLASSIFIED", "a", &decided));
        outcomes.take(&event("REVIEW_REQUESTED", "b", &asked));
        outcomes.take(&event("INGESTED", "c", &json!({})));
        let records = ["a", "b", "c"].map(str::to_owned);
        let sums = outcomes.sums(records.iter());
        assert_eq!((sums.rule, sums.person, sums.on_the_way), (1, 1, 1));
        assert_eq!(sums.busiest(3), "Food shops 1");
        assert_eq!(sums.why["no_stage_decided"], 1);
    }
}
