//! What is looked up for which condition.

use super::*;
use crate::condition::Condition;
use crate::lists::ValueList;

fn need(source: &str) -> String {
    let lists = [("travel".to_owned(), ValueList::new(1, ["ACME".to_owned()]))].into_iter().collect();
    let condition = Condition::compile_with(source, &lists).unwrap_or_else(|error| panic!("{source}: {error}"));
    let any = |clues: &Vec<Clue>| clues.iter().map(|clue| format!("{clue:?}")).collect::<Vec<_>>().join(" | ");
    match condition.need().options() {
        [] => "?".into(),
        options => options.iter().map(any).collect::<Vec<_>>().join(" & "),
    }
}

#[test]
fn conditions_tell_what_they_need() {
    for (source, wanted) in [
        ("record.counterparty == 'ACME'", "Counterparty == \"ACME\""),
        ("'ACME' == record.counterparty", "Counterparty == \"ACME\""),
        ("!(record.counterparty != 'ACME')", "Counterparty == \"ACME\""),
        ("record.currency in ['EUR', 'USD']", "Currency == \"EUR\" | Currency == \"USD\""),
        ("record.text.lowerAscii().contains('refund')", "\"refund\" Anywhere in Text"),
        ("record.text.trim().startsWith('Re')", "\"Re\" Anywhere in Text"),
        ("record.title.startsWith('Re')", "\"Re\" Start in Title"),
        ("record.text.matches('(?i)cat|dog')", "\"cat\" Anywhere in Text | \"dog\" Anywhere in Text"),
        ("record.amount > 100", "amount 100..inf or absent: false"),
        (
            "record.amount >= 5 && record.amount < 10",
            "amount 5..inf or absent: false & amount -inf..10 or absent: false & amount 5..10 or absent: false",
        ),
        ("100 > record.amount", "amount -inf..100 or absent: false"),
        ("!(record.amount > 100)", "amount -inf..100 or absent: false"),
        ("record.amount == 5 && record.attributes.a == record.title", "amount 5..5 or absent: true"),
        ("record.amount > 5 && record.counterparty == 'A'", "amount 5..inf or absent: false & Counterparty == \"A\""),
        ("!(record.title != 'x' || record.counterparty != 'A')", "Title == \"x\" & Counterparty == \"A\""),
        ("record.counterparty == 'A' || record.title == 'B'", "Counterparty == \"A\" | Title == \"B\""),
        (
            "record.title == 'B' || record.currency == 'EUR' && record.counterparty == 'A'",
            "Title == \"B\" | Counterparty == \"A\"",
        ),
        (
            "record.text.matches('(?i)ref ?\\\\d+ of')",
            "\"ref\" Anywhere in Text | \"ref \" Anywhere in Text & \" of\" Anywhere in Text",
        ),
        ("record.attributes.plan == 'pro'", "\"plan\" == Text(\"pro\") | has no \"plan\""),
        (
            "'plan' in record.attributes && record.attributes['plan'] == 'pro'",
            "has \"plan\" & \"plan\" == Text(\"pro\")",
        ),
        ("has(record.attributes.plan)", "has \"plan\""),
        ("record.counterparty in lists.travel", "record.counterparty in lists.travel"),
        ("false", ""),
        ("true", "?"),
        ("record.text.contains('')", "?"),
        ("record.title != 'x'", "?"),
        ("record.counterparty == 'A' || size(record.text) > 5", "?"),
        ("record.attributes.x in []", "?"),
        ("record.attributes.x > 5", "?"),
        ("has(record.title) ? record.title == 'x' : false", "?"),
    ] {
        assert_eq!(need(source), wanted, "{source}");
    }
}
