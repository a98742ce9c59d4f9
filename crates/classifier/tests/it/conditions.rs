//! What each operator and function means, as tables.

use classifier::EvalErrorReason;
use common::record::NormalizedRecord;

use crate::sample::{bare, evaluate, full};

fn check(record: &NormalizedRecord, table: &[(&str, bool)]) {
    for (condition, wanted) in table {
        assert_eq!(evaluate(condition, record), Ok(*wanted), "{condition}");
    }
}

#[test]
fn logic() {
    check(
        &full(),
        &[
            ("true", true),
            ("!true", false),
            ("!!true", true),
            ("true && false", false),
            ("true || false", true),
            ("false || false || true", true),
            ("true ? false : true", false),
            ("(record.amount > 1 ? record.text : record.title).contains(\"REFUND\")", true),
            ("(record.amount > 999 ? 1 : 2) == 2", true),
            ("true == !false", true),
            ("true != true", false),
        ],
    );
}

#[test]
fn comparisons() {
    check(
        &full(),
        &[
            ("record.amount == 250.5", true),
            ("record.amount != 250.5", false),
            ("record.amount > 250", true),
            ("250 < record.amount", true),
            ("record.amount >= 250.5", true),
            ("record.amount < 250.5", false),
            ("record.amount <= 250.5", true),
            ("record.amount > -1", true),
            ("record.amount > 5u", true),
            ("record.currency == \"EUR\"", true),
            ("'EUR' == record.currency", true),
            ("record.currency != 'EUR'", false),
            ("record.currency < \"USD\"", true),
            ("record.title >= record.currency", true),
            ("record.source == 'bank'", true),
            ("record.occurredAt > timestamp(\"2026-01-01T00:00:00Z\")", true),
            ("record.occurredAt == timestamp(\"2026-03-01T11:00:00+01:00\")", true),
            ("record.occurredAt < timestamp(\"2026-01-01T00:00:00Z\")", false),
            ("record.currency in [\"EUR\", \"USD\"]", true),
            ("!(record.currency in [\"CHF\"])", true),
            ("record.currency in []", false),
            ("record.amount in [1, 250.5]", true),
            ("record.attributes[\"plan\"] in [\"pro\", 7, true]", true),
        ],
    );
}

#[test]
fn arithmetic() {
    check(
        &full(),
        &[
            ("1 + 2 * 3 == 7", true),
            ("(1 + 2) * 3 == 9", true),
            ("7 / 2 == 3.5", true),
            ("-7 % 4 == -3", true),
            ("record.amount - 0.5 == 250", true),
            ("-record.amount < 0", true),
            ("- -record.amount > 0", true),
            ("record.amount * 2 > 500.0", true),
            ("record.currency + \"/\" + record.source == \"EUR/bank\"", true),
            ("record.attributes.score + 1 == 8.5", true),
            ("record.attributes.plan + \"!\" == \"pro!\"", true),
            ("record.attributes.score + record.attributes.score == 15", true),
        ],
    );
}

#[test]
fn texts() {
    check(
        &full(),
        &[
            ("record.text.contains(\"REFUND\")", true),
            ("record.text.contains(\"refund\")", false),
            ("record.text.lowerAscii().contains(\"refund\")", true),
            ("record.text.lowerAscii().contains(\"REFUND\")", false),
            ("record.text.upperAscii().contains(\"PLEASE\")", true),
            ("record.text.upperAscii().contains(\"Please\")", false),
            ("record.title.lowerAscii().contains(\"Ärger\")", true),
            ("record.title.lowerAscii().startsWith(\"re: Ä\")", true),
            ("record.counterparty.lowerAscii().endsWith(\"ltd\")", true),
            ("record.counterparty.lowerAscii() == \"acme ltd\"", true),
            ("record.counterparty.upperAscii().startsWith(\"ACME L\")", true),
            ("record.text.trim().startsWith(\"Please\")", true),
            ("record.text.startsWith(\"Please\")", false),
            ("record.text.trim().endsWith(\"😀\")", true),
            ("record.text.trim().lowerAscii().contains(\"order 42\")", true),
            ("record.text.matches(\"(?i)refund\\\\s+order\")", true),
            ("record.text.matches(r\"\\d{2}\")", true),
            ("matches(record.text, \"^refund\")", false),
            ("size(record.currency) == 3", true),
            ("record.text.trim().size() == 24", true),
            ("record.title.contains(record.currency)", false),
            ("(record.title + record.currency).contains(\"gEUR\")", true),
            ("record.title.contains(\"\")", true),
        ],
    );
}

#[test]
fn attributes() {
    check(
        &full(),
        &[
            ("record.attributes[\"plan\"] == \"pro\"", true),
            ("record.attributes.plan == \"pro\"", true),
            ("record.attributes.plan != \"pro\"", false),
            ("record.attributes.vip", true),
            ("!record.attributes.vip", false),
            ("record.attributes.vip == true", true),
            ("record.attributes.score > 7", true),
            ("8 > record.attributes.score", true),
            ("record.attributes.plan > \"a\"", true),
            ("record.attributes.score > record.attributes.score", false),
            ("record.attributes.plan.contains(\"r\")", true),
            ("record.attributes.plan == 5", false),
            ("record.attributes.plan != 5", true),
            ("record.attributes[\"pl\" + \"an\"] == \"pro\"", true),
            ("\"plan\" in record.attributes", true),
            ("\"nope\" in record.attributes", false),
            ("record.currency in record.attributes", false),
            ("has(record.attributes.vip)", true),
            ("has(record.attributes.nope)", false),
            ("has(record.attributes.nope) && record.attributes.nope > 5", false),
            ("(record.attributes.vip ? record.attributes.plan : \"x\") == \"pro\"", true),
            ("(true ? record.attributes.plan : 5) == \"pro\"", true),
        ],
    );
}

#[test]
fn presence() {
    let fields = ["title", "amount", "currency", "counterparty", "occurredAt"];
    for field in fields {
        check(&full(), &[(&format!("has(record.{field})"), true)]);
        check(&bare(), &[(&format!("has(record.{field})"), false)]);
    }
    check(&bare(), &[("has(record.text)", true), ("has(record.source)", true)]);
}

#[test]
fn a_missing_text_field_is_empty() {
    check(
        &bare(),
        &[
            ("record.title == \"\"", true),
            ("record.currency in [\"EUR\", \"\"]", true),
            ("record.counterparty.startsWith(\"A\")", false),
        ],
    );
}

/// Neither the comparison nor its opposite holds, and nothing is reported: the record simply has no amount.
#[test]
fn a_missing_amount_or_time_decides_nothing() {
    check(
        &bare(),
        &[
            ("record.amount > 100", false),
            ("!(record.amount > 100)", false),
            ("record.amount <= 100", false),
            ("record.amount != 100", false),
            ("record.amount * 2 > 1", false),
            ("record.amount in [1]", false),
            ("record.occurredAt > timestamp(\"2026-01-01T00:00:00Z\")", false),
            ("record.amount > 100 ? true : true", false),
            ("record.amount > 100 || record.text == \"hello\"", true),
            ("record.text == \"hello\" || record.amount > 100", true),
            ("!(record.amount > 100 && record.text == \"x\")", true),
            ("!has(record.amount) || record.amount < 5", true),
        ],
    );
}

#[test]
fn evaluation_errors_name_the_part_that_failed() {
    let table = [
        ("record.attributes[\"nope\"] == 1", "record.attributes[\"nope\"]", EvalErrorReason::MissingAttribute),
        ("record.attributes.nope == 1 && true", "record.attributes.nope", EvalErrorReason::MissingAttribute),
        ("record.attributes.plan > 5", "record.attributes.plan", EvalErrorReason::NotNumber),
        ("record.attributes.score.contains(\"7\")", "record.attributes.score", EvalErrorReason::NotText),
        ("record.attributes.plan", "record.attributes.plan", EvalErrorReason::NotBoolean),
        ("record.attributes.plan && true", "record.attributes.plan", EvalErrorReason::NotBoolean),
        (
            "record.attributes.plan < record.attributes.score",
            "record.attributes.plan < record.attributes.score",
            EvalErrorReason::Incompatible,
        ),
        ("1 / (record.amount - 250.5) > 1", "1 / (record.amount - 250.5)", EvalErrorReason::NotFinite),
        ("record.amount % 0 == 1", "record.amount % 0", EvalErrorReason::NotFinite),
        ("record.attributes.nope in [1, 2]", "record.attributes.nope", EvalErrorReason::MissingAttribute),
    ];
    for (condition, expression, reason) in table {
        let error = evaluate(condition, &full()).expect_err(condition);
        assert_eq!((error.expression.as_str(), error.reason), (expression, reason), "{condition}");
    }
}

#[test]
fn an_error_beside_a_deciding_operand_does_not_count() {
    check(
        &full(),
        &[
            ("record.attributes.nope == 1 || true", true),
            ("true || record.attributes.nope == 1", true),
            ("record.attributes.nope == 1 && false", false),
            ("false && record.attributes.nope == 1", false),
            ("record.attributes.vip ? true : record.attributes.nope", true),
        ],
    );
    assert!(evaluate("record.attributes.nope == 1 || false", &full()).is_err());
}

#[test]
fn an_error_is_reported_rather_than_an_absence() {
    let error = evaluate("record.amount > 1 || record.attributes.nope == 1", &bare()).expect_err("an error");
    assert_eq!(error.reason, EvalErrorReason::MissingAttribute);
}
