//! Functions: of texts, `size` and `timestamp`.

use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use common::DateTime;

use super::code::{Code, NumberCode, TextCode, TimeCode};
use super::compiler::{Compiled, Compiler};
use super::error::{ConditionError, ConditionErrorKind};
use super::text_tests::{self, TextTest};

/// Every function, as an author writes it.
const FUNCTIONS: &str = "has(…), contains(…), startsWith(…), endsWith(…), matches(…), size(…), lowerAscii(), \
                         upperAscii(), trim(), timestamp(…)";
/// Most patterns in one condition; each may take up to a mebibyte.
pub(crate) const MAX_PATTERNS: usize = 10;

impl Compiler<'_> {
    pub(crate) fn function(&mut self, node: &IdedExpr, call: &CallExpr) -> Compiled<Code> {
        let target = call.target.as_deref();
        match (call.func_name.as_str(), target, call.args.as_slice()) {
            ("contains", Some(text), [part]) => self.text_test(TextTest::Contains, text, part),
            ("startsWith", Some(text), [part]) => self.text_test(TextTest::StartsWith, text, part),
            ("endsWith", Some(text), [part]) => self.text_test(TextTest::EndsWith, text, part),
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) => self.matches(text, pattern),
            ("size", Some(text), []) | ("size", None, [text]) => self.size(text),
            ("lowerAscii", Some(text), []) => self.text(text).map(|text| Code::Text(TextCode::Lower(Arc::new(text)))),
            ("upperAscii", Some(text), []) => self.text(text).map(|text| Code::Text(TextCode::Upper(Arc::new(text)))),
            ("trim", Some(text), []) => self.text(text).map(|text| Code::Text(TextCode::Trim(Arc::new(text)))),
            ("timestamp", None, [text]) => self.timestamp(text),
            (name, ..) => Err(self.bad_call(node, name)),
        }
    }

    fn text_test(&mut self, test: TextTest, text: &IdedExpr, part: &IdedExpr) -> Compiled<Code> {
        let (text, part) = (self.text(text)?, self.text(part)?);
        Ok(Code::Bool(text_tests::compile(test, text, part)))
    }

    fn matches(&mut self, text: &IdedExpr, pattern: &IdedExpr) -> Compiled<Code> {
        let text = self.text(text)?;
        let span = self.span(pattern);
        let Some(source) = literal_text(pattern) else {
            let message = "the pattern of matches(…) must be a literal";
            return Err(self.error_in(span, ConditionErrorKind::Unsupported, message, "write it in quotes"));
        };
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            let message = format!("more than {MAX_PATTERNS} patterns in one condition");
            let expected = "join patterns with `|`, or split the condition into several rules";
            return Err(self.error_in(span, ConditionErrorKind::Limit, message, expected));
        }
        text_tests::pattern(text, source, &mut self.repeated_atoms).map(Code::Bool).map_err(|reason| {
            let kind = if reason.too_big { ConditionErrorKind::Limit } else { ConditionErrorKind::Literal };
            self.error_in(span, kind, reason.message, "write a smaller or correct regular expression (RE2 syntax)")
        })
    }

    fn size(&mut self, text: &IdedExpr) -> Compiled<Code> {
        let text = self.text(text)?;
        Ok(Code::Number(NumberCode::Computed(Arc::new(move |view| Ok(text.eval(view)?.chars().count() as f64)))))
    }

    fn timestamp(&mut self, text: &IdedExpr) -> Compiled<Code> {
        let parsed = literal_text(text).and_then(|source| chrono::DateTime::parse_from_rfc3339(source).ok());
        let time = parsed.ok_or_else(|| {
            let expected = "write a literal such as timestamp(\"2026-01-31T09:00:00Z\")";
            self.error_in(self.span(text), ConditionErrorKind::Literal, "this is not a time", expected)
        })?;
        Ok(Code::Time(TimeCode::Literal(DateTime::from(time))))
    }

    fn bad_call(&self, node: &IdedExpr, name: &str) -> ConditionError {
        let span = self.own_span(node);
        let (message, expected) = match usage(name) {
            Some(usage) => (format!("`{name}` is not called like this"), format!("write {usage}")),
            None => (format!("unknown function `{name}`"), format!("the functions are {FUNCTIONS}")),
        };
        self.error_in(span, ConditionErrorKind::Unknown, message, expected)
    }
}

fn usage(name: &str) -> Option<&'static str> {
    Some(match name {
        "contains" => "`record.text.contains(\"refund\")`",
        "startsWith" => "`record.text.startsWith(\"Re:\")`",
        "endsWith" => "`record.text.endsWith(\"?\")`",
        "matches" => "`record.text.matches(\"(?i)refund\")`",
        "size" => "`size(record.text)`",
        "lowerAscii" | "upperAscii" | "trim" => "it after a text, without arguments: `record.text.lowerAscii()`",
        "timestamp" => "`timestamp(\"2026-01-31T09:00:00Z\")`",
        "has" => "`has(record.amount)`",
        _ => return None,
    })
}

fn literal_text(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}
