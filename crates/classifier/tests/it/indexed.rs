//! An indexed rule set says exactly what trying each rule in order says, misses and errors included.

use classifier::{Condition, RecordView, RuleError, RuleSet, RuleSource, ValueList, ValueLists};
use common::RuleId;
use common::record::NormalizedRecord;
use common::rule::RuleStatus;
use proptest::prelude::*;

use crate::generated::bool_pair;
use crate::reference::record;
use crate::sample::{SOURCE, bare};

fn lists() -> ValueLists {
    let values = ["EUR", "refund", " ACME Ltd "].map(str::to_owned);
    [("some".to_owned(), ValueList::new(1, values))].into_iter().collect()
}

/// Conditions of the kinds that the index knows, with values that the records have.
fn indexable() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["text", "title", "currency", "counterparty"]);
    let part = || {
        prop::sample::select(vec![
            "EUR",
            "Refund",
            "refund now",
            " ACME Ltd ",
            "acme",
            "äÖ ss",
            "a1b2",
            "e",
            "now",
            "",
            "k",
        ])
    };
    let change = prop::sample::select(vec!["", ".lowerAscii()", ".upperAscii()", ".trim()", ".trim().lowerAscii()"]);
    let test = prop::sample::select(vec!["contains", "startsWith", "endsWith"]);
    let pattern =
        prop::sample::select(vec!["(?i)REFUND", "^ ?acme", "(?i)ss$", "now|ltd", r"a\d", "colou?r|e.r", "(?i)k"]);
    let leaf = prop_oneof![
        (field.clone(), change.clone(), part()).prop_map(|(f, c, p)| format!("record.{f}{c} == '{p}'")),
        (field.clone(), part(), part()).prop_map(|(f, p, q)| format!("record.{f} in ['{p}', '{q}']")),
        (field.clone(), change.clone(), test, part()).prop_map(|(f, c, t, p)| format!("record.{f}{c}.{t}('{p}')")),
        (field.clone(), change.clone(), pattern).prop_map(|(f, c, p)| format!("record.{f}{c}.matches(r'{p}')")),
        (field, change).prop_map(|(f, c)| format!("record.{f}{c} in lists.some")),
        (prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), -8_i32..102)
            .prop_map(|(o, n)| format!("record.amount {o} {n}")),
        prop::sample::select(vec![
            "'n' in record.attributes",
            "has(record.attributes.t)",
            "record.attributes.n == 5",
            "record.attributes.n == 0",
            "record.attributes.b == true",
            "record.attributes.t == 'EUR'",
            "record.attributes.t in ['EUR', 'Refund']",
            "record.attributes.t in lists.some",
            "record.attributes.n in []",
            "record.attributes.b",
            "record.attributes.n > 1",
            "1 / record.amount > 0.1",
            "true",
            "false",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            1 => inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![5 => indexable(), 2 => bool_pair().prop_map(|pair| pair.ours)]
}

fn rules(conditions: &[String], status: RuleStatus) -> Vec<RuleSource> {
    let rule = |(number, condition): (usize, &String)| RuleSource {
        id: RuleId(format!("{number:032x}").parse().expect("a UUID")),
        version: 1,
        name: format!("rule {number}"),
        condition: condition.clone(),
        label: "label".into(),
        priority: i32::try_from(number % 3).expect("small"),
        status,
        requires_review: false,
    };
    conditions.iter().enumerate().map(rule).collect()
}

/// The rules in order, each compiled by itself.
fn alone(rules: &[RuleSource]) -> Vec<(RuleId, Result<Condition, String>)> {
    let mut sorted: Vec<_> = rules.iter().collect();
    sorted.sort_by_key(|rule| (rule.priority, rule.id));
    let lists = lists();
    let compile = |rule: &RuleSource| {
        let compiled = Condition::compile_with(&rule.condition, &lists);
        (rule.id, compiled.map_err(|error| format!("the condition no longer compiles: {error}")))
    };
    sorted.into_iter().map(compile).collect()
}

/// What trying each rule in order comes to: the match, how many were tried, the errors.
fn in_order(
    rules: &[(RuleId, Result<Condition, String>)],
    view: &RecordView<'_>,
) -> (Option<RuleId>, u32, Vec<RuleError>) {
    let (mut tried, mut errors) = (0, Vec::new());
    for (id, condition) in rules {
        tried += 1;
        let outcome = match condition {
            Ok(condition) => condition.matches(view).map_err(|error| error.to_string()),
            Err(error) => Err(error.clone()),
        };
        match outcome {
            Ok(true) => return (Some(*id), tried, errors),
            Ok(false) => {}
            Err(message) => errors.push(RuleError { rule_id: *id, message }),
        }
    }
    (None, tried, errors)
}

fn compiled(rules: &[RuleSource]) -> RuleSet {
    RuleSet::compile_after(&RuleSet::default(), 1, rules.to_vec(), lists())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_index_changes_nothing(
        conditions in prop::collection::vec(condition(), 4..16),
        records in prop::collection::vec(record(), 1..6),
    ) {
        let rules = rules(&conditions, RuleStatus::Active);
        let set = compiled(&rules);
        let shadow = compiled(&self::rules(&conditions, RuleStatus::Shadow));
        let alone = alone(&rules);
        let again = RuleSet::compile_after(&set, 2, rules.clone(), lists());
        for record in &records {
            let view = RecordView::new(record, SOURCE);
            let wanted = in_order(&alone, &view);
            for set in [&set, &again] {
                let verdict = set.decide(&view);
                let found = (verdict.matched.map(|rule| rule.source().id), verdict.evaluated, verdict.errors);
                prop_assert_eq!(&found, &wanted, "{:?}\n{:?}", conditions, record);
            }
            let matching = alone.iter().filter(|rule| in_order(std::slice::from_ref(*rule), &view).0.is_some());
            let all: Vec<RuleId> = matching.map(|rule| rule.0).collect();
            let ids = |rules: Vec<&classifier::CompiledRule>| rules.iter().map(|rule| rule.source().id).collect::<Vec<_>>();
            prop_assert_eq!(&ids(set.matching(&view)), &all, "{:?}\n{:?}", conditions, record);
            prop_assert_eq!(&ids(shadow.shadows(&view)), &all);
            prop_assert_eq!(shadow.decide(&view).evaluated, 0, "a shadow never decides");
        }
    }
}

#[test]
fn a_set_of_distinct_needs_tries_none_on_every_record() {
    let conditions: Vec<String> = (0..500)
        .map(|number| match number % 5 {
            0 => format!("record.counterparty == 'Shop {number}' && record.amount > {number}"),
            1 => format!("record.text.lowerAscii().contains('word{number}')"),
            2 => format!("record.text.matches('(?i)order {number}[a-z]*')"),
            3 => format!("record.amount >= {number} && record.amount < {}", number + 1),
            _ => format!("record.currency == 'EUR' && record.title.startsWith('Re {number}')"),
        })
        .collect();
    let set = compiled(&rules(&conditions, RuleStatus::Active));
    assert_eq!(set.always_tried(), 0);
    let record = NormalizedRecord { text: "about ORDER 17x".into(), ..bare() };
    let verdict = set.decide(&RecordView::new(&record, SOURCE));
    assert_eq!(verdict.matched.map(|rule| rule.source().name.as_str()), Some("rule 17"));
    assert_eq!(verdict.evaluated, 340, "as if each before it had been tried");
}

#[test]
fn a_changed_list_changes_what_a_condition_means() {
    let rules = rules(&["record.text in lists.some".to_owned()], RuleStatus::Active);
    let before = compiled(&rules);
    let record = NormalizedRecord { text: "new".into(), ..bare() };
    let view = RecordView::new(&record, SOURCE);
    assert!(before.decide(&view).matched.is_none());
    let lists = [("some".to_owned(), ValueList::new(2, ["new".to_owned()]))].into_iter().collect();
    assert!(RuleSet::compile_after(&before, 2, rules.clone(), lists).decide(&view).matched.is_some());
    let gone = RuleSet::compile_after(&before, 3, rules, ValueLists::default());
    assert_eq!(gone.broken().count(), 1);
    assert!(gone.decide(&view).errors[0].message.contains("no value list `some`"));
}
