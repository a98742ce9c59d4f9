//! Suggestions from made-up decisions.

use classifier::RuleSource;
use common::record::{NormalizedRecord, RecordStatus, Stage};
use common::rule::RuleStatus;
use common::{Clock as _, RuleId, SystemClock};

use super::*;
use crate::domain::preview::StandingLabel;

fn decided(counterparty: &str, text: &str, label: &str) -> Past {
    Past {
        id: RecordId::generate(),
        received_at: SystemClock.now(),
        source: "bank".into(),
        normalized: NormalizedRecord {
            counterparty: Some(counterparty.to_owned()).filter(|name| !name.is_empty()),
            text: text.into(),
            ..NormalizedRecord::default()
        },
        standing: StandingLabel {
            label: Some(label.to_owned()),
            stage: Stage::Human,
            status: RecordStatus::Overridden,
        },
    }
}

fn rules(condition: &str, label: &str) -> RuleSet {
    let rule = RuleSource {
        id: RuleId::generate(),
        version: 1,
        name: "there".into(),
        condition: condition.into(),
        label: label.into(),
        priority: 1,
        status: RuleStatus::Active,
        requires_review: false,
    };
    RuleSet::compile(1, [rule])
}

fn told(suggestions: &[Suggestion]) -> Vec<(String, String, String)> {
    suggestions.iter().map(|one| (one.condition.clone(), one.label.clone(), one.summary())).collect()
}

#[test]
fn what_people_repeat_is_suggested_with_its_evidence() {
    let mut history: Vec<Past> = (0..20).map(|n| decided("ACME \"Ltd\"", &format!("order {n}"), "supplies")).collect();
    history.push(decided("ACME \"Ltd\"", "something else", "travel"));
    history.extend((0..4).map(|n| decided(&format!("shop {n}"), "a PARKING ticket", "travel")));
    history.extend((0..2).map(|_| decided("Twice", "xyz", "travel")));
    let found = suggest(&history, &RuleSet::default());
    assert_eq!(
        told(&found),
        [
            (
                r#"record.counterparty == "ACME \"Ltd\"""#.to_owned(),
                "supplies".to_owned(),
                "matches 21 past records, 20 agree with people, 1 do not".to_owned()
            ),
            (
                r#"record.text.lowerAscii().contains("parking")"#.to_owned(),
                "travel".to_owned(),
                "matches 4 past records, 4 agree with people, 0 do not".to_owned()
            ),
        ]
    );
    assert_eq!(found[0].disagreeing_records, [history[20].id]);
    assert_eq!(found[0].name, "ACME \"Ltd\": supplies");
}

#[test]
fn what_people_disagree_on_is_not() {
    let history: Vec<Past> =
        (0..10).map(|n| decided("Shop", "abc", if n % 2 == 0 { "supplies" } else { "travel" })).collect();
    assert_eq!(suggest(&history, &RuleSet::default()).len(), 0);
}

#[test]
fn what_rules_say_already_is_not() {
    let history: Vec<Past> = (0..10).map(|_| decided("Shop", "abc", "supplies")).collect();
    assert_eq!(suggest(&history, &RuleSet::default()).len(), 1);
    assert_eq!(suggest(&history, &rules("record.text == 'abc'", "supplies")).len(), 0, "they decide it so");
    assert_eq!(suggest(&history, &rules("record.text == 'abc'", "travel")).len(), 1, "they decide it otherwise");
    assert_eq!(
        suggest(&history, &rules("record.counterparty ==  \"Shop\"", "travel")).len(),
        0,
        "the condition is there"
    );
}

#[test]
fn an_attribute_is_guarded() {
    let history: Vec<Past> = (0..3)
        .map(|_| {
            let mut past = decided("", "", "vip");
            past.normalized.attributes.insert("tier".into(), AttributeValue::Text("gold".into()));
            past
        })
        .collect();
    let found = suggest(&history, &RuleSet::default());
    assert_eq!(found[0].condition, r#""tier" in record.attributes && record.attributes["tier"] == "gold""#);
    assert_eq!(found.len(), 1);
}
