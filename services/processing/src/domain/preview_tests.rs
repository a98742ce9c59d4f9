//! Previews over made-up history.

use common::rule::RuleStatus;
use common::{Clock as _, SystemClock};

use super::*;

fn rule(number: u128, priority: i32, condition: &str, label: &str) -> RuleSource {
    RuleSource {
        id: RuleId(uuid::Uuid::from_u128(number)),
        version: 1,
        name: format!("rule {number}"),
        condition: condition.into(),
        label: label.into(),
        priority,
        status: RuleStatus::Active,
        requires_review: false,
    }
}

fn candidate(condition: &str, priority: i32) -> Candidate {
    let condition = Condition::compile(condition).expect("a condition");
    Candidate { condition, label: "new".into(), priority, requires_review: false, replaces: None }
}

fn past(text: &str, label: Option<&str>, stage: Stage) -> Past {
    Past {
        id: RecordId::generate(),
        received_at: SystemClock.now(),
        source: "bank".into(),
        normalized: NormalizedRecord { text: text.into(), ..NormalizedRecord::default() },
        standing: StandingLabel { label: label.map(str::to_owned), stage, status: RecordStatus::Classified },
    }
}

fn preview(candidate: &Candidate, rules: Vec<RuleSource>, history: &[Past]) -> Preview {
    let rules = RuleSet::compile(1, rules);
    let mut preview = Preview::default();
    history.iter().for_each(|past| preview.add(candidate, &rules, past));
    preview
}

#[test]
fn each_record_counts_once() {
    let history = [
        past("a", None, Stage::None),
        past("a", Some("new"), Stage::Rule),
        past("a", Some("old"), Stage::Rule),
        past("a", Some("new"), Stage::Human),
        past("a", Some("old"), Stage::Human),
        past("b", Some("old"), Stage::Human),
    ];
    let found = preview(&candidate("record.text == 'a'", 100), Vec::new(), &history);
    assert_eq!((found.evaluated, found.matched, found.would_change, found.unchanged()), (6, 5, 2, 3));
    assert_eq!((found.agrees_with_people, found.contradicts_people, found.precision()), (1, 1, Some(0.5)));
    assert_eq!(found.contradictions[0].record_id, history[4].id);
    assert_eq!(found.contradictions[0].label, "old");
    let effects: Vec<Effect> = found.samples.iter().map(|sample| sample.effect).collect();
    assert_eq!(effects, [Effect::Changed, Effect::Unchanged, Effect::Changed, Effect::Pinned, Effect::Pinned]);
    assert_eq!(found.samples[0].after.label.as_deref(), Some("new"));
    assert_eq!(found.samples[4].after, found.samples[4].before, "a person stands");
}

#[test]
fn an_earlier_rule_keeps_its_records_and_a_later_one_loses_them() {
    let rules = || vec![rule(1, 50, "record.text.contains('x')", "old"), rule(2, 200, "true", "late")];
    let history = [past("ax", Some("old"), Stage::Rule), past("a", Some("late"), Stage::Rule)];
    let found = preview(&candidate("record.text.contains('a')", 100), rules(), &history);
    assert_eq!((found.matched, found.shadowed, found.would_change), (2, 1, 1));
    let overlaps: Vec<_> =
        found.overlaps().iter().map(|o| (o.name.as_str(), o.records, o.keeps, o.loses, o.comes_first)).collect();
    assert_eq!(overlaps, [("rule 2", 2, 0, 1, false), ("rule 1", 1, 1, 0, true)]);

    let found = preview(&candidate("record.text.contains('a')", 10), rules(), &history);
    assert_eq!((found.shadowed, found.would_change), (0, 2), "before both, it takes both");
}

#[test]
fn a_rule_that_is_changed_is_not_in_its_own_way() {
    let rules = vec![rule(1, 100, "true", "old")];
    let changed = Candidate { replaces: Some(rules[0].id), ..candidate("true", 100) };
    let found = preview(&changed, rules.clone(), &[past("a", Some("old"), Stage::Rule)]);
    assert_eq!((found.shadowed, found.would_change, found.overlaps().len()), (0, 1, 0));
    let beside = preview(&candidate("true", 100), rules, &[past("a", Some("old"), Stage::Rule)]);
    assert_eq!((beside.shadowed, beside.would_change), (1, 0), "a new one comes after those of its priority");
}

#[test]
fn a_record_where_the_later_of_two_rules_matters_not_is_no_loss_of_it() {
    let rules = vec![rule(1, 10, "true", "a"), rule(2, 20, "true", "b")];
    let found = preview(&candidate("true", 5), rules, &[past("x", Some("a"), Stage::Rule)]);
    let losses: Vec<u64> = found.overlaps().iter().map(|overlap| overlap.loses).collect();
    assert_eq!(losses, [1, 0]);
}
