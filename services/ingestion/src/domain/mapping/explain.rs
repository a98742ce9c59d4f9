//! A mapping tried on a body: what each field came from, and what did not work out.
//!
//! For people who write mappings; the way of a webhook never comes here.

use std::collections::BTreeMap;

use common::Violation;
use common::record::{MAX_ATTRIBUTES, MAX_LINE, MAX_TEXT};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::apply::{MAX_EXTERNAL_ID, Values, as_text};
use super::expression::Expression;
use super::path::{self, Step};
use super::{Mapped, Mapping};
use crate::domain::Header;

/// Longest value that is shown, in characters.
const MAX_SHOWN: usize = 500;
/// Most names of an object that a missing step is compared with.
const MAX_NAMES: usize = 12;

/// What a mapping makes of a body, and why.
#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) mapped: Mapped,
    /// By field; attributes as `attributes.name`.
    pub(crate) origins: BTreeMap<String, FieldOrigin>,
    pub(crate) problems: Vec<Problem>,
}

/// Where a field's value came from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldOrigin {
    /// The expression that gave the value, as written; the first one when none did.
    expression: Value,
    /// Whether any expression led to something.
    found: bool,
    /// What it led to, before it was brought to the field's form. Long texts are shortened.
    value: Value,
    /// The expressions before it that led to nothing, each with the place where it ended.
    missed: Vec<Missed>,
}

/// An expression that led to nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Missed {
    /// As written.
    expression: Value,
    /// How far it came, and what is there instead.
    reason: String,
}

/// Something that the mapping's author would want to know.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The field, as in `origins`.
    field: String,
    /// `no_text`, `unusable_value`, `truncated` or `too_many_attributes`.
    code: &'static str,
    /// What happened and what to do.
    message: String,
}

/// Why nothing can be explained.
#[derive(Debug)]
pub(crate) enum ExplainError {
    /// The mapping does not compile.
    Invalid(Vec<Violation>),
    /// The body is not JSON.
    NotJson(serde_json::Error),
}

/// Applies a mapping as a webhook would and says where everything came from.
///
/// # Errors
/// When the mapping does not compile or the body is not JSON.
pub(crate) fn explain(definition: &Value, header: Header<'_>, text: &str) -> Result<Explained, ExplainError> {
    let mapping = Mapping::compile(definition).map_err(ExplainError::Invalid)?;
    let mapped = mapping.apply(header, text).map_err(ExplainError::NotJson)?;
    let found = mapping.tree.extract(text, mapping.slots).map_err(ExplainError::NotJson)?;
    let body: Value = serde_json::from_str(text).map_err(ExplainError::NotJson)?;
    let values = Values { found: &found, header };
    let mut origins = BTreeMap::new();
    for (name, ways) in fields(&mapping) {
        if let Some(origin) = origin(written(definition, &name), ways, &values, &body) {
            origins.insert(name, origin);
        }
    }
    let problems = problems(&mapped, &mapping, &values);
    Ok(Explained { mapped, origins, problems })
}

/// Every field with its compiled ways.
fn fields(mapping: &Mapping) -> Vec<(String, &[Expression])> {
    let fields = &mapping.fields;
    let mut all: Vec<(String, &[Expression])> = [
        ("externalId", &fields.external_id),
        ("title", &fields.title),
        ("text", &fields.text),
        ("amount", &fields.amount),
        ("currency", &fields.currency),
        ("counterparty", &fields.counterparty),
        ("occurredAt", &fields.occurred_at),
        ("attributes.*", &fields.spread),
    ]
    .map(|(name, ways)| (name.to_owned(), ways.as_slice()))
    .to_vec();
    all.extend(fields.attributes.iter().map(|(name, ways)| (format!("attributes.{name}"), ways.as_slice())));
    all
}

/// The ways to a field as they were written, in the order of the compiled ones.
fn written<'d>(definition: &'d Value, field: &str) -> &'d [Value] {
    let value = match field.strip_prefix("attributes.") {
        Some(name) => &definition["attributes"][name],
        None => &definition[field],
    };
    match value {
        Value::Null => &[],
        Value::Array(ways) => ways,
        single => std::slice::from_ref(single),
    }
}

fn origin<'a>(written: &[Value], ways: &'a [Expression], values: &Values<'a, '_>, body: &Value) -> Option<FieldOrigin> {
    let first = written.first()?;
    let mut missed = Vec::new();
    for (expression, way) in written.iter().zip(ways) {
        if let Some(value) = values.value(way) {
            return Some(FieldOrigin { expression: expression.clone(), found: true, value: shown(&value), missed });
        }
        missed.push(Missed { expression: expression.clone(), reason: why_nothing(expression, body) });
    }
    Some(FieldOrigin { expression: first.clone(), found: false, value: Value::Null, missed })
}

fn shown(value: &Value) -> Value {
    let text = as_text(value);
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => Value::String(format!("{}…", &text[..end])),
        None => value.clone(),
    }
}

fn why_nothing(expression: &Value, body: &Value) -> String {
    match expression {
        Value::String(text) => follow(text, body),
        Value::Object(object) if object.contains_key("header") => {
            format!("the delivery has no header {}, or an empty one", object["header"])
        }
        Value::Object(object) if object.contains_key("template") => "none of its holes has a value".into(),
        _ => "is null or an empty text".into(),
    }
}

/// Goes along a path to where it ends.
fn follow(text: &str, body: &Value) -> String {
    let (mut at, mut value) = ("$".to_owned(), body);
    for step in path::parse(text).unwrap_or_default() {
        let (next, name) = match &step {
            Step::Key(key) => (value.get(key), format!("[{key:?}]")),
            Step::Index(index) => (value.get(index), format!("[{index}]")),
        };
        let Some(next) = next else { return format!("{at} has no {name}; {}", describe(value)) };
        at.push_str(&match step {
            Step::Key(key) if key.chars().all(|char| char.is_alphanumeric() || char == '_') => format!(".{key}"),
            _ => name,
        });
        value = next;
    }
    if value.is_null() { format!("{at} is null") } else { format!("{at} is an empty text") }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Object(object) => names(object),
        Value::Array(items) => format!("it is an array of {}", items.len()),
        Value::String(_) => "it is a text".into(),
        Value::Number(_) => "it is a number".into(),
        Value::Bool(_) => "it is a boolean".into(),
        Value::Null => "it is null".into(),
    }
}

fn names(object: &Map<String, Value>) -> String {
    if object.is_empty() {
        return "it is an empty object".into();
    }
    let shown: Vec<&str> = object.keys().take(MAX_NAMES).map(String::as_str).collect();
    let more = if object.len() > MAX_NAMES { ", …" } else { "" };
    format!("it has {}{more}", shown.join(", "))
}

fn problems<'a>(mapped: &Mapped, mapping: &'a Mapping, values: &Values<'a, '_>) -> Vec<Problem> {
    let (fields, normalized) = (&mapping.fields, &mapped.normalized);
    let mut found = Vec::new();
    let mut problem = |field: &str, code, message: String| found.push(Problem { field: field.into(), code, message });
    if values.first(&fields.text).is_none() {
        let message = "no expression led to a text, so the whole body became it; name the body's text".to_owned();
        problem("text", "no_text", message);
    }
    for (field, ways, is_usable, form) in [
        ("amount", &fields.amount, normalized.amount.is_some(), "a decimal number such as \"12.50\""),
        ("currency", &fields.currency, normalized.currency.is_some(), "an ISO 4217 code such as \"EUR\""),
        ("occurredAt", &fields.occurred_at, normalized.occurred_at.is_some(), "an RFC 3339 or Unix time"),
    ] {
        if let Some(value) = values.first(ways).filter(|_| !is_usable) {
            let message = format!("{} is not {form}; it is kept as attributes.{field}", shown(&value));
            problem(field, "unusable_value", message);
        }
    }
    for (field, ways, max) in [
        ("externalId", &fields.external_id, MAX_EXTERNAL_ID),
        ("title", &fields.title, MAX_LINE),
        ("text", &fields.text, MAX_TEXT),
        ("counterparty", &fields.counterparty, MAX_LINE),
    ] {
        let length = values.first(ways).map_or(0, |value| as_text(&value).chars().count());
        if length > max {
            problem(field, "truncated", format!("has {length} characters and is cut to {max}"));
        }
    }
    if normalized.attributes.len() == MAX_ATTRIBUTES {
        let message = format!("a record has at most {MAX_ATTRIBUTES}; the last by name may have been left out");
        problem("attributes", "too_many_attributes", message);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn explained(definition: &Value, body: &Value) -> Explained {
        explain(definition, &|name: &str| (name == "x-kind").then_some("mail"), &body.to_string()).expect("explained")
    }

    #[test]
    fn each_field_says_where_it_came_from() {
        let definition = json!({
            "title": ["$.issue.name", "$.issue.title"],
            "text": {"template": "{$.issue.body}!"},
            "attributes": {"kind": {"header": "X-Kind"}, "none": {"header": "x-none"}},
        });
        let body = json!({"issue": {"title": "T", "body": "B", "number": 1}});
        let Explained { mapped, origins, problems } = explained(&definition, &body);
        assert_eq!((mapped.normalized.title.as_deref(), mapped.normalized.text.as_str()), (Some("T"), "B!"));
        let origins = serde_json::to_value(origins).expect("JSON");
        assert_eq!(
            origins["title"],
            json!({"expression": "$.issue.title", "found": true, "value": "T", "missed": [{
                "expression": "$.issue.name", "reason": "$.issue has no [\"name\"]; it has body, number, title"}]})
        );
        assert_eq!(origins["attributes.kind"]["value"], "mail");
        assert_eq!(origins["attributes.none"]["found"], false);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn what_does_not_work_out_is_said() {
        let definition = json!({"amount": "$.sum", "currency": "$.cur", "externalId": "$.id", "text": "$.a[3].b"});
        let body = json!({"sum": "12 euros", "cur": "EUR", "id": "x".repeat(300), "a": [1]});
        let found = explained(&definition, &body);
        let codes: Vec<_> = found.problems.iter().map(|problem| (problem.field.as_str(), problem.code)).collect();
        assert_eq!(codes, [("text", "no_text"), ("amount", "unusable_value"), ("externalId", "truncated")]);
        assert!(found.problems[1].message.starts_with("\"12 euros\" is not a decimal number"), "{found:?}");
        assert_eq!(found.origins["text"].missed[0].reason, "$.a has no [3]; it is an array of 1");
    }

    #[test]
    fn paths_that_end_in_nothing_say_so() {
        let body = json!({"a": null, "b": "", "c": {"d": 1}, "e": {}});
        for (path, reason) in [
            ("$.a", "$.a is null"),
            ("$.b", "$.b is an empty text"),
            ("$.c.d.x", "$.c.d has no [\"x\"]; it is a number"),
            ("$.e.x", "$.e has no [\"x\"]; it is an empty object"),
        ] {
            assert_eq!(follow(path, &body), reason);
        }
    }

    #[test]
    fn faults_of_mapping_and_body_are_told_apart() {
        let nothing = |_: &str| None;
        assert!(matches!(explain(&json!({"titel": "$.a"}), &nothing, "{}"), Err(ExplainError::Invalid(_))));
        assert!(matches!(explain(&json!({}), &nothing, "{"), Err(ExplainError::NotJson(_))));
    }
}
