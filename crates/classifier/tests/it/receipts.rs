//! Rule sets, the cascade, and receipts that tell the same story as the evaluation.

use classifier::{Condition, ListedRule, Receipt, RecordView, RuleResult, RuleSet, RuleSource, decide, expand};
use common::RuleId;
use common::decision::{Thresholds, WhyHuman};
use common::record::{NormalizedRecord, RecordStatus, Stage};
use common::rule::RuleStatus;
use proptest::prelude::*;

use crate::sample::{SOURCE, bare, full};

fn rule(number: u128, priority: i32, condition: &str) -> RuleSource {
    RuleSource {
        id: RuleId(format!("{number:032x}").parse().expect("a UUID")),
        version: 3,
        name: format!("rule {number}"),
        condition: condition.into(),
        label: format!("label {number}"),
        priority,
        status: RuleStatus::Active,
        requires_review: false,
    }
}

fn run(rules: Vec<RuleSource>, record: &NormalizedRecord) -> classifier::Outcome {
    let thresholds = Thresholds { auto_accept: 0.9, ..Thresholds::default() };
    decide(&RuleSet::compile(7, rules), &RecordView::new(record, SOURCE), thresholds)
}

#[test]
fn the_lowest_priority_then_the_oldest_id_wins() {
    let outcome = run(vec![rule(3, 5, "true"), rule(2, 5, "true"), rule(1, 9, "true")], &bare());
    assert_eq!(outcome.label.as_deref(), Some("label 2"));
    assert_eq!((outcome.stage, outcome.status, outcome.confidence), (Stage::Rule, RecordStatus::Classified, Some(1.0)));
    assert_eq!(outcome.reasoning.summary, "Rule \"rule 2\" (version 3) matched: \"label 2\".");
    assert_eq!(outcome.reasoning.rule_set_version, Some(7));
    assert_eq!((outcome.reasoning.rules_evaluated, outcome.reasoning.why_human), (1, None));
}

#[test]
fn a_rule_that_asks_for_review_proposes() {
    let outcome = run(vec![RuleSource { requires_review: true, ..rule(1, 1, "true") }], &bare());
    assert_eq!((outcome.label.as_deref(), outcome.status), (Some("label 1"), RecordStatus::PendingReview));
    assert_eq!(outcome.reasoning.why_human, Some(WhyHuman::RuleRequiresReview));
}

#[test]
fn shadow_and_disabled_rules_do_not_decide() {
    let rules = vec![
        RuleSource { status: RuleStatus::Shadow, ..rule(1, 1, "true") },
        RuleSource { status: RuleStatus::Disabled, ..rule(2, 1, "true") },
    ];
    let outcome = run(rules, &bare());
    assert_eq!((outcome.label, outcome.stage, outcome.confidence), (None, Stage::None, None));
    assert_eq!(outcome.reasoning.why_human, Some(WhyHuman::NoStageDecided));
    assert_eq!(outcome.reasoning.summary, "There are no active rules, so a person is asked.");
}

#[test]
fn broken_rules_and_errors_are_reported_and_passed_over() {
    let rules = vec![rule(1, 1, "record.gone == 1"), rule(2, 2, "record.attributes.nope == 1"), rule(3, 3, "false")];
    let set = RuleSet::compile(7, rules);
    assert_eq!(set.broken().map(|rule| rule.source().name.as_str()).collect::<Vec<_>>(), ["rule 1"]);
    let record = full();
    let outcome = decide(&set, &RecordView::new(&record, SOURCE), Thresholds::default());
    assert_eq!(
        outcome.reasoning.summary,
        "None of 3 active rules matched (2 could not be evaluated), so a person is asked."
    );
    let story = expand(&set.listed(), &outcome.receipt);
    let results: Vec<_> = story.iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(results, [RuleResult::Error, RuleResult::Error, RuleResult::NotMatched]);
    assert!(story[0].error.as_deref().is_some_and(|error| error.contains("no field `gone`")), "{story:?}");
    assert!(story[1].error.as_deref().is_some_and(|error| error.contains("record.attributes.nope")), "{story:?}");
}

/// Each active rule evaluated by itself, which is what a receipt claims to tell.
fn told_directly(rules: &[RuleSource], view: &RecordView<'_>) -> Vec<(RuleId, RuleResult)> {
    let mut active: Vec<_> = rules.iter().filter(|rule| rule.status == RuleStatus::Active).collect();
    active.sort_by_key(|rule| (rule.priority, rule.id));
    let mut decided = false;
    let mut story = Vec::new();
    for rule in active {
        let result = match Condition::compile(&rule.condition) {
            _ if decided => RuleResult::NotReached,
            Err(_) => RuleResult::Error,
            Ok(condition) => match condition.matches(view) {
                Ok(true) => RuleResult::Matched,
                Ok(false) => RuleResult::NotMatched,
                Err(_) => RuleResult::Error,
            },
        };
        decided |= result == RuleResult::Matched;
        story.push((rule.id, result));
    }
    story
}

prop_compose! {
    fn some_rule()(
        number in 0_u128..1_000_000,
        priority in 0..4,
        condition in prop::sample::select(vec![
            "false", "record.amount > 100", "record.attributes.nope", "oops(", "record.text == 'hello'", "true",
        ]),
        status in prop::sample::select(RuleStatus::ALL.to_vec()),
        requires_review: bool,
    ) -> RuleSource {
        RuleSource { status, requires_review, ..rule(number, priority, condition) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_receipt_tells_what_happened(rules in prop::collection::vec(some_rule(), 0..8), with_amount: bool) {
        let mut rules = rules;
        rules.sort_by_key(|rule| rule.id);
        rules.dedup_by_key(|rule| rule.id);
        let record = if with_amount { full() } else { bare() };
        let view = RecordView::new(&record, SOURCE);
        let set = RuleSet::compile(1, rules.clone());
        let stored: (Vec<ListedRule>, Receipt) = {
            let pair = (set.listed(), Receipt::from(&set.decide(&view)));
            serde_json::from_str(&serde_json::to_string(&pair).expect("plain data")).expect("reads back")
        };
        let story: Vec<_> =
            expand(&stored.0, &stored.1).into_iter().map(|outcome| (outcome.rule_id, outcome.outcome)).collect();
        prop_assert_eq!(story, told_directly(&rules, &view));
    }
}
