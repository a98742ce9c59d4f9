//! A record with every field, and one with none.

use classifier::{Condition, EvalError, RecordView};
use common::record::{AttributeValue, NormalizedRecord};

pub(crate) const SOURCE: &str = "bank";

pub(crate) fn full() -> NormalizedRecord {
    NormalizedRecord {
        title: Some("Re: Ärger mit Rechnung".into()),
        text: "  Please REFUND order 42 😀 ".into(),
        amount: Some("250.50".parse().expect("an amount")),
        currency: Some("EUR".into()),
        counterparty: Some("ACME Ltd".into()),
        occurred_at: Some("2026-03-01T10:00:00Z".parse().expect("a time")),
        attributes: [
            ("plan".to_owned(), AttributeValue::Text("pro".into())),
            ("vip".to_owned(), AttributeValue::Bool(true)),
            ("score".to_owned(), AttributeValue::Number(7.5)),
        ]
        .into(),
    }
}

pub(crate) fn bare() -> NormalizedRecord {
    NormalizedRecord { text: "hello".into(), ..NormalizedRecord::default() }
}

pub(crate) fn evaluate(condition: &str, record: &NormalizedRecord) -> Result<bool, EvalError> {
    let compiled = Condition::compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    compiled.matches(&RecordView::new(record, SOURCE))
}
