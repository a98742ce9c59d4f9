//! What a trace shows.

use classifier::{Condition, RecordView};
use serde_json::json;

use crate::sample::{SOURCE, bare, full};

fn trace(condition: &str, record: &common::record::NormalizedRecord) -> serde_json::Value {
    let steps = Condition::compile(condition).expect(condition).trace(&RecordView::new(record, SOURCE));
    serde_json::to_value(steps).expect("plain data")
}

#[test]
fn every_part_has_its_value_in_order_once() {
    let condition = "(record.amount > 100.0 || record.vip) && record.text . contains( \"x\" )"
        .replace("record.vip", "record.attributes[\"vip\"]");
    assert_eq!(
        trace(&condition, &full()),
        json!([
            {"expression": "record.amount", "value": 250.5},
            {"expression": "record.amount > 100.0", "value": true},
            {"expression": "record.attributes[\"vip\"]", "value": true},
            {"expression": "record.amount > 100.0 || record.attributes[\"vip\"]", "value": true},
            {"expression": "record.text", "value": "  Please REFUND order 42 😀 "},
            {"expression": "record.text . contains( \"x\" )", "value": false},
            {"expression": condition, "value": false},
        ])
    );
}

#[test]
fn skipped_and_failing_parts_are_shown_too() {
    assert_eq!(
        trace("false && has(record.title) || record.amount > -5 ||\n 'k' in record.attributes", &bare()),
        json!([
            {"expression": "has(record.title)", "value": false},
            {"expression": "false && has(record.title)", "value": false},
            {"expression": "record.amount", "value": null, "error": "record.amount: the record has none"},
            {"expression": "record.amount > -5", "value": null, "error": "record.amount: the record has none"},
            {"expression": "false && has(record.title) || record.amount > -5", "value": null,
             "error": "record.amount: the record has none"},
            {"expression": "'k' in record.attributes", "value": false},
            {"expression": "false && has(record.title) || record.amount > -5 ||\n 'k' in record.attributes",
             "value": null, "error": "record.amount: the record has none"},
        ])
    );
}

#[test]
fn expressions_are_quoted_whole() {
    let table = [
        "size(record.text) in [1, (2)]",
        "!(record.amount > 1)",
        "-(record.amount) < -5.0",
        "((record.text)).trim() == (\"a\")",
        "record.amount in ([1, 2]) ? true : (false)",
        "timestamp(\"2026-01-01T00:00:00Z\") < record.occurredAt",
        "matches ( record.text , \"[)]\" ) // why\n && true",
    ];
    for condition in table {
        let steps = trace(condition, &full());
        let last = steps.as_array().and_then(|steps| steps.last()).expect("a step");
        assert_eq!(last["expression"], json!(condition));
    }
}

#[test]
fn long_texts_are_shortened() {
    let mut record = bare();
    record.text = "ä".repeat(1_000);
    let steps = trace("record.text == ''", &record);
    assert_eq!(steps[0]["value"].as_str().map(|text| text.chars().count()), Some(201));
}
