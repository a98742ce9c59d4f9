//! What authors are told: line, column and advice for each kind of mistake.

use classifier::Condition;

/// Condition, line, column, and what the message must hold.
const TABLE: &[(&str, u32, u32, &str)] = &[
    ("", 1, 1, "the condition is empty"),
    ("  \n ", 2, 2, "the condition is empty"),
    ("record.amount >", 1, 16, "ends too early"),
    ("record.amount = 5", 1, 15, "use `==` to compare"),
    ("record.text == 'a' and true", 1, 20, "use `&&` for and"),
    ("record.text == 'a' & true", 1, 20, "use `&&` for and"),
    ("true | false", 1, 6, "use `||` for or"),
    ("record.amount <> 5", 1, 16, "unexpected `>`"),
    ("not true", 1, 5, "unexpected `true`"),
    ("record.text == \"open", 1, 16, "this text is never closed"),
    ("(record.amount > 5", 1, 1, "this `(` is never closed"),
    ("record.amount > 5)", 1, 18, "`)` closes nothing here"),
    ("record.currency in ['a')", 1, 24, "close with `]` first"),
    ("record.amout > 5", 1, 8, "a record has no field `amout`; the fields are record.text, record.title"),
    ("amount > 5", 1, 1, "write `record.amount`"),
    ("record.currency == EUR", 1, 20, "texts need quotes (\"EUR\")"),
    ("record == 5", 1, 1, "the record cannot be used as a whole"),
    ("record.text.includes('a')", 1, 13, "unknown function `includes`; the functions are has(…), contains(…)"),
    ("lower(record.text) == 'a'", 1, 1, "unknown function `lower`"),
    ("record.text.contains()", 1, 13, "`contains` is not called like this; write `record.text.contains"),
    ("contains(record.text, 'a')", 1, 1, "`contains` is not called like this"),
    ("record.text > 5", 1, 13, "cannot compare a text with a number"),
    ("true &&\n  record.amount == 'ä'", 2, 17, "cannot compare a number with a text"),
    ("'😀' == record.text && record.text == 1", 1, 35, "cannot compare a text with a number"),
    ("record.amount", 1, 1, "a condition must be a boolean, this is a number"),
    ("record.text && true", 1, 1, "a boolean is needed here, this is a text"),
    ("record.amount + record.text == 1", 1, 15, "cannot add a number and a text"),
    ("true < false", 1, 6, "a boolean has no order"),
    ("record.occurredAt > '2026'", 1, 19, "cannot compare a time with a text"),
    ("record.attributes.at == timestamp('2026-01-01T00:00:00Z')", 1, 22, "cannot compare an attribute with a time"),
    ("record.occurredAt > timestamp('2026')", 1, 31, "this is not a time"),
    ("record.text.matches('(')", 1, 21, "the pattern is not valid: unclosed group"),
    ("record.text.matches(record.title)", 1, 21, "must be a literal"),
    ("record.text.matches('\\\\w{1000}{100}')", 1, 21, "repetitions amount to more than 500"),
    ("record.text.matches('a{300}') && record.title.matches('b{300}')", 1, 55, "repetitions amount to more than 500"),
    ("record.text.matches('\\\\w{400}')", 1, 21, "the pattern is too large when compiled"),
    ("record.amount == null", 1, 18, "null is not supported; ask with `has(record.amount)`"),
    ("[1, 2].exists(x, x > 1)", 1, 8, "the macros all, exists"),
    ("record.attributes.all(k, k != '')", 1, 19, "the macros all, exists"),
    ("{'a': 1}.size() == 1", 1, 1, "maps and messages are not supported"),
    ("[1] == [1]", 1, 1, "a list may only follow `in`"),
    ("record.text in ['a', 5]", 1, 22, "a text is never equal to a number"),
    ("record.text in record.title", 1, 1, "`in` needs a list on its right"),
    ("record.text[0] == 'a'", 1, 1, "an index is not possible here"),
    ("record.attributes == 'a'", 1, 1, "the attributes cannot be used as a whole"),
    ("has(record.attributes['a'])", 1, 22, "has() does not take this"),
    ("has(record.nope)", 1, 1, "a record has no field `nope`"),
    ("record.text.size.x == 1", 1, 1, "this has no fields"),
    ("record.text == b'a'", 1, 16, "byte literals are not supported"),
    ("record.amount > 99999999999999999999", 1, 17, "this is an invalid int literal"),
    ("(true ? 1 : 'a') == 1", 1, 7, "the two branches differ: a number and a text"),
    ("record.text == '\\q'", 1, 16, "unexpected `'`"),
    ("record.text == 'a\u{0}'", 1, 18, "NUL"),
    ("record.amount >\u{1} 5", 1, 16, "control character"),
    ("ä == 1", 1, 1, "unexpected `ä`"),
];

#[test]
fn mistakes_are_placed_and_explained() {
    let mut wrong = Vec::new();
    for (condition, line, column, message) in TABLE {
        let error = Condition::compile(condition).expect_err(condition);
        if (error.line, error.column) != (*line, *column) || !error.to_string().contains(message) {
            wrong.push(format!("{condition:?}\n  wanted {line}:{column} {message}\n  got {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_error_serialises_as_context() {
    let error = Condition::compile("true &&\n record.amout > 5").expect_err("unknown field");
    assert_eq!(
        serde_json::to_value(&error).expect("plain data"),
        serde_json::json!({
            "kind": "unknown",
            "line": 2,
            "column": 9,
            "message": "a record has no field `amout`",
            "expected": "the fields are record.text, record.title, record.amount, record.currency, \
                         record.counterparty, record.source, record.occurredAt, record.attributes",
            "fragment": "amout",
        })
    );
}
