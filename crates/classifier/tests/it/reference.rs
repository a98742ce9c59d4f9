//! The compiled form agrees with `cel`'s own interpreter, on generated conditions and records.
//!
//! Each condition is generated twice: as an author writes it, and as `cel` must be asked for the same, which spells
//! out every deliberate difference: numbers are doubles (`5` is `5.0`, `size` is converted, `/` and `%` are the
//! functions `quo` and `rem`, no result is infinite), missing text fields are empty, and so their `has` is a variable.

use std::collections::HashMap;
use std::sync::Arc;

use cel::{Context, Env, ExecutionError, Program, Value};
use classifier::{Condition, ConditionErrorKind, RecordView};
use common::record::{AttributeValue, NormalizedRecord};
use proptest::prelude::*;

use crate::generated::{Pair, bool_pair};
use crate::sample::SOURCE;

/// What `cel` says; `None` is an error.
fn interpreted(source: &str, record: &NormalizedRecord) -> Option<bool> {
    let mut env = Env::stdlib();
    cel::extensions::strings(&mut env).expect("the extension");
    let mut context = Context::with_env(Arc::new(env));
    context.add_function("quo", |a: f64, b: f64| finite(a / b)).expect("a free name");
    context.add_function("rem", |a: f64, b: f64| finite(a % b)).expect("a free name");
    context.add_variable_from_value("record", fields(record));
    context.add_variable_from_value("present", presence(record));
    match Program::compile(source).expect(source).execute(&context) {
        Ok(Value::Bool(value)) => Some(value),
        Ok(_) | Err(_) => None,
    }
}

fn finite(number: f64) -> Result<f64, ExecutionError> {
    if number.is_finite() { Ok(number) } else { Err(ExecutionError::function_error("quo", "not finite")) }
}

fn map(entries: Vec<(&str, Value)>) -> Value {
    let entries: HashMap<String, Value> = entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Value::Map(entries.into())
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

fn fields(record: &NormalizedRecord) -> Value {
    let attributes = record.attributes.iter().map(|(name, value)| {
        let value = match value {
            AttributeValue::Bool(value) => Value::Bool(*value),
            AttributeValue::Number(number) => Value::Float(*number),
            AttributeValue::Text(value) => text(value),
        };
        (name.as_str(), value)
    });
    let mut entries = vec![
        ("text", text(&record.text)),
        ("title", text(record.title.as_deref().unwrap_or_default())),
        ("currency", text(record.currency.as_deref().unwrap_or_default())),
        ("counterparty", text(record.counterparty.as_deref().unwrap_or_default())),
        ("source", text(SOURCE)),
        ("attributes", map(attributes.collect())),
    ];
    entries.extend(record.amount.as_ref().map(|amount| ("amount", Value::Float(amount.to_f64()))));
    entries.extend(record.occurred_at.map(|time| ("occurredAt", Value::Timestamp(time.fixed_offset()))));
    map(entries)
}

fn presence(record: &NormalizedRecord) -> Value {
    map(vec![
        ("title", Value::Bool(record.title.is_some())),
        ("currency", Value::Bool(record.currency.is_some())),
        ("counterparty", Value::Bool(record.counterparty.is_some())),
        ("amount", Value::Bool(record.amount.is_some())),
        ("occurredAt", Value::Bool(record.occurred_at.is_some())),
    ])
}

fn line() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "EUR", "Refund", "refund now", " ACME Ltd ", "äÖ ss", "a1b2"]).prop_map(str::to_owned)
}

prop_compose! {
    pub(crate) fn record()(
        title in prop::option::of(line()),
        text in line(),
        amount in prop::option::of(prop::sample::select(vec!["-7.25", "0", "2", "5", "100.5"])),
        currency in prop::option::of(line()),
        counterparty in prop::option::of(line()),
        time in prop::option::of(prop::sample::select(vec!["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"])),
        attributes in prop::collection::btree_map(
            prop::sample::select(vec!["n".to_owned(), "t".to_owned(), "b".to_owned()]),
            prop_oneof![
                any::<bool>().prop_map(AttributeValue::Bool),
                prop::sample::select(vec![-1.0, 0.0, 5.0, 2.5]).prop_map(AttributeValue::Number),
                line().prop_map(AttributeValue::Text),
            ],
            0..4,
        ),
    ) -> NormalizedRecord {
        NormalizedRecord {
            title, text, currency, counterparty, attributes,
            amount: amount.map(|amount| amount.parse().expect("an amount")),
            occurred_at: time.map(|time| time.parse().expect("a time")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn compiled_and_interpreted_agree(pair in bool_pair(), records in prop::collection::vec(record(), 1..4)) {
        let Pair { ours, cel } = pair;
        let condition = match Condition::compile(&ours) {
            Ok(condition) => condition,
            Err(error) => {
                prop_assert_eq!(error.kind, ConditionErrorKind::Limit, "{}: {}", ours, error);
                return Ok(());
            }
        };
        for record in &records {
            let view = RecordView::new(record, SOURCE);
            let wanted = interpreted(&cel, record);
            let found = condition.matches(&view);
            let steps = condition.trace(&view);
            match wanted {
                Some(value) => prop_assert_eq!(found, Ok(value), "{}\n{}\n{:?}", ours, cel, record),
                None => {
                    prop_assert!(!matches!(found, Ok(true)), "{ours}\n{cel}\n{record:?}");
                    let absent = record.amount.is_none() || record.occurred_at.is_none();
                    prop_assert!(found.is_err() || absent, "{ours}\n{cel}\n{record:?}");
                }
            }
            // The trace's last step is the whole condition, evaluated on another path.
            if let Some(last) = steps.last() {
                prop_assert_eq!(last.value.as_bool(), wanted, "{}\n{:?}", ours, last);
                // An attribute that is the whole condition and no boolean has a value, and yet no answer.
                let failed = last.error.is_some() || !last.value.is_boolean();
                prop_assert_eq!(failed, wanted.is_none(), "{}\n{:?}", ours, last);
            }
        }
    }
}
