//! The facts that `data/README.md` promises.

use std::collections::{HashMap, HashSet};

use cel::{Context, Program, Value as Cel};

use super::*;

fn samples() -> Vec<Sample> {
    [messages().expect("messages"), transactions().expect("transactions")].concat()
}

#[test]
fn three_hundred_and_more_of_two_kinds() {
    let all = samples();
    assert!(all.len() >= 300, "{}", all.len());
    for kind in [Kind::SupportMessage, Kind::BankTransaction] {
        assert!(all.iter().filter(|sample| sample.kind == kind).count() >= 120, "{kind:?}");
    }
}

#[test]
fn nothing_is_there_twice() {
    let all = samples();
    let ids: HashSet<_> = all.iter().map(|sample| &sample.id).collect();
    let texts: HashSet<_> = all.iter().map(|sample| &sample.text).collect();
    assert_eq!((ids.len(), texts.len()), (all.len(), all.len()));
}

#[test]
fn fields_are_what_they_claim() {
    for sample in samples() {
        assert!(!sample.text.trim().is_empty(), "{}", sample.id);
        assert!(chrono::DateTime::parse_from_rfc3339(&sample.occurred_at).is_ok(), "{}", sample.id);
        assert_eq!(sample.amount.is_some(), sample.currency.is_some(), "{}", sample.id);
        if let Some(amount) = &sample.amount {
            assert!(amount.parse::<f64>().is_ok_and(f64::is_finite), "{}", sample.id);
        }
    }
}

#[test]
fn the_records_speak_many_languages_and_currencies() {
    let all = samples();
    let languages: HashSet<_> = all.iter().filter_map(|sample| sample.attributes.get("language")?.as_str()).collect();
    let currencies: HashSet<_> = all.iter().filter_map(|sample| sample.currency.as_deref()).collect();
    assert!(languages.len() >= 15, "{languages:?}");
    assert!(currencies.len() >= 8, "{currencies:?}");
    assert!(all.iter().filter(|sample| !sample.text.is_ascii()).count() >= 60);
}

#[test]
fn every_rule_names_a_label_and_compiles() {
    let labels: HashSet<String> =
        labels().expect("labels").iter().map(|label| label["name"].as_str().expect("a name").to_owned()).collect();
    let rules = rules().expect("rules");
    assert!(rules.len() >= 12);
    for rule in rules {
        assert!(labels.contains(rule["label"].as_str().expect("a label")), "{rule}");
        Program::compile(rule["condition"].as_str().expect("a condition")).expect("compiles");
    }
}

#[test]
fn rules_decide_most_and_leave_the_rest_to_people() {
    let mut rules = rules().expect("rules");
    rules.retain(|rule| rule["status"] != "shadow");
    rules.sort_by_key(|rule| rule["priority"].as_i64());
    let programs: Vec<(Program, bool)> = rules
        .iter()
        .map(|rule| {
            let program = Program::compile(rule["condition"].as_str().expect("a condition")).expect("compiles");
            (program, rule["requiresReview"] == true)
        })
        .collect();
    let all = samples();
    let mut decided = 0;
    let mut used = HashSet::new();
    for sample in &all {
        let context = context(sample);
        let first = programs.iter().position(|(program, _)| program.execute(&context) == Ok(Cel::Bool(true)));
        used.extend(first);
        decided += usize::from(first.is_some_and(|rule| !programs[rule].1));
    }
    let share = decided * 100 / all.len();
    assert!((65..=80).contains(&share), "rules decide {share} % of {}", all.len());
    assert_eq!(used.len(), programs.len(), "a rule that decides nothing shows nothing");
}

fn context(sample: &Sample) -> Context<'static, 'static> {
    let text = |value: &Option<String>| Cel::from(value.clone().unwrap_or_default());
    let attributes: HashMap<String, Cel> =
        sample.attributes.iter().map(|(key, value)| (key.clone(), Cel::from(value.as_str().unwrap_or("")))).collect();
    let mut record: HashMap<String, Cel> = HashMap::from([
        ("text".to_owned(), Cel::from(sample.text.clone())),
        ("title".to_owned(), text(&sample.title)),
        ("currency".to_owned(), text(&sample.currency)),
        ("counterparty".to_owned(), text(&sample.counterparty)),
        ("attributes".to_owned(), Cel::from(attributes)),
    ]);
    if let Some(amount) = &sample.amount {
        record.insert("amount".to_owned(), Cel::from(amount.parse::<f64>().expect("a number")));
    }
    let mut context = Context::default();
    context.add_variable_from_value("record", record);
    context
}
