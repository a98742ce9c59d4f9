//! From a body to a record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use common::DateTime;
use common::amount::Amount;
use common::record::{
    AttributeValue, MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTES, MAX_LINE, MAX_TEXT, NormalizedRecord, is_currency_code,
};
use serde_json::{Number, Value};

use super::clean::clean;
use super::expression::{Expression, Part};
use super::{Mapping, compact};
use crate::domain::Header;

/// Longest external id, in characters.
pub(crate) const MAX_EXTERNAL_ID: usize = 255;
/// A template that has grown to this many bytes will be cut anyway and takes no more.
const MAX_FILLED: usize = 8 * MAX_TEXT;
/// The attribute that says that something was cut off.
const TRUNCATED: &str = "truncated";

/// What a mapping found.
#[derive(Debug, PartialEq)]
pub(crate) struct Mapped {
    /// The provider's id of the delivery, where the body holds one.
    pub(crate) delivery_id: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) normalized: NormalizedRecord,
}

impl Mapping {
    /// Reads a record out of a body. Whatever valid JSON it is, a record comes of it: the text falls back to the
    /// body itself, over-long fields are cut, and a value that does not fit its field becomes an attribute.
    ///
    /// # Errors
    /// When the body is not JSON.
    pub(crate) fn apply(&self, header: Header<'_>, body: &str) -> Result<Mapped, serde_json::Error> {
        let found = self.tree.extract(body, self.slots)?;
        let values = Values { found: &found, header };
        let mut record = Builder::default();
        let fields = &self.fields;
        record.spread(values.first(&fields.spread));
        for (name, ways) in &fields.attributes {
            if let Some(value) = values.first(ways) {
                record.attribute(name, &value);
            }
        }
        let text = values.first_text(&fields.text).unwrap_or_else(|| compact(body));
        record.normalized.text = record.cut(text, MAX_TEXT);
        record.normalized.title = values.first_text(&fields.title).map(|title| record.cut(title, MAX_LINE));
        record.normalized.counterparty = values.first_text(&fields.counterparty).map(|name| record.cut(name, MAX_LINE));
        record.normalized.amount = record.parsed("amount", values.first(&fields.amount), amount);
        record.normalized.currency = record.parsed("currency", values.first(&fields.currency), currency);
        record.normalized.occurred_at = record.parsed("occurredAt", values.first(&fields.occurred_at), time);
        let external_id = values.first_text(&fields.external_id).map(|id| record.cut(id, MAX_EXTERNAL_ID));
        let delivery_id = values.first(&fields.delivery_id).filter(|id| id.is_string() || id.is_number());
        let delivery_id = delivery_id.map(|id| as_text(&id));
        Ok(Mapped { delivery_id, external_id, normalized: record.finish() })
    }
}

/// The values that expressions choose from.
pub(super) struct Values<'a, 'h> {
    pub(super) found: &'a [Option<Value>],
    pub(super) header: Header<'h>,
}

impl<'a> Values<'a, '_> {
    /// The first way that leads to something.
    pub(super) fn first(&self, ways: &'a [Expression]) -> Option<Cow<'a, Value>> {
        ways.iter().find_map(|way| self.value(way))
    }

    fn first_text(&self, ways: &'a [Expression]) -> Option<String> {
        self.first(ways).map(|value| as_text(&value))
    }

    /// What an expression leads to; nothing and blank texts are none.
    pub(super) fn value(&self, expression: &'a Expression) -> Option<Cow<'a, Value>> {
        let value = match expression {
            Expression::Slot(slot) => Cow::Borrowed(self.found[*slot].as_ref()?),
            Expression::Constant(value) => Cow::Borrowed(value),
            Expression::Header(name) => Cow::Owned(Value::String((self.header)(name)?.to_owned())),
            Expression::Template(parts) => Cow::Owned(Value::String(self.template(parts)?)),
        };
        let is_something = match &*value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        };
        is_something.then_some(value)
    }

    /// The filled template with single spaces; nothing when no hole has a value.
    fn template(&self, parts: &[Part]) -> Option<String> {
        let mut text = String::new();
        let mut is_filled = false;
        for part in parts {
            if text.len() > MAX_FILLED {
                break;
            }
            let value = match part {
                Part::Literal(literal) => {
                    text.push_str(literal);
                    continue;
                }
                Part::Slot(slot) => self.found[*slot].as_ref().filter(|value| !value.is_null()).map(as_text),
                Part::Header(name) => (self.header)(name).map(ToOwned::to_owned),
            };
            if let Some(value) = value {
                is_filled = true;
                text.push_str(&value);
            }
        }
        is_filled.then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn amount(value: &Value) -> Option<Amount> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn currency(value: &Value) -> Option<String> {
    let code = value.as_str()?.trim().to_ascii_uppercase();
    is_currency_code(&code).then_some(code)
}

/// RFC 3339, or Unix time in seconds or milliseconds.
fn time(value: &Value) -> Option<DateTime> {
    /// Above this a number counts milliseconds: the year 5138 in seconds, 1973 in milliseconds.
    const FIRST_MILLIS: u64 = 100_000_000_000;
    let time = match value {
        Value::String(text) => chrono::DateTime::parse_from_rfc3339(text.trim()).ok()?.to_utc(),
        Value::Number(number) => match number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))? {
            seconds if seconds.unsigned_abs() < FIRST_MILLIS => DateTime::from_timestamp(seconds, 0)?,
            millis => DateTime::from_timestamp_millis(millis)?,
        },
        _ => return None,
    };
    crate::domain::submission::is_storable(time).then(|| chrono::SubsecRound::trunc_subsecs(time, 6))
}

/// A record in the making, which knows whether something was cut off.
#[derive(Default)]
struct Builder {
    normalized: NormalizedRecord,
    truncated: bool,
}

impl Builder {
    fn cut(&mut self, text: String, max: usize) -> String {
        let (text, was_cut) = clean(text, max);
        self.truncated |= was_cut;
        text
    }

    /// The value in its field's form; one that has no such form is kept as an attribute of the field's name.
    fn parsed<T>(
        &mut self,
        field: &str,
        value: Option<Cow<'_, Value>>,
        parse: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = value?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.attribute(field, &value);
        }
        parsed
    }

    fn spread(&mut self, value: Option<Cow<'_, Value>>) {
        let Some(value) = value else { return };
        if let Value::Object(object) = &*value {
            for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                self.attribute(name, value);
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &Value) {
        let name = self.cut(name.to_owned(), MAX_ATTRIBUTE_NAME);
        // A blank name names nothing; the value is still in the raw form.
        if name.trim().is_empty() {
            return;
        }
        let value = match value {
            Value::Bool(flag) => AttributeValue::Bool(*flag),
            Value::Number(number) => match number.as_f64() {
                Some(double) if is_exact(number, double) => AttributeValue::Number(double),
                _ => AttributeValue::Text(number.to_string()),
            },
            other => AttributeValue::Text(self.cut(as_text(other), MAX_LINE)),
        };
        self.normalized.attributes.insert(name, value);
    }

    fn finish(mut self) -> NormalizedRecord {
        let attributes: &mut BTreeMap<_, _> = &mut self.normalized.attributes;
        self.truncated |= attributes.len() > MAX_ATTRIBUTES;
        if self.truncated {
            attributes.remove(TRUNCATED);
            while attributes.len() >= MAX_ATTRIBUTES {
                attributes.pop_last();
            }
            attributes.insert(TRUNCATED.to_owned(), AttributeValue::Bool(true));
        }
        self.normalized
    }
}

/// Whether an integer survives as a double; long numeric ids do not, and stay text.
fn is_exact(number: &Number, double: f64) -> bool {
    const MAX_SAFE: u64 = 1 << 53;
    match (number.as_u64(), number.as_i64()) {
        (Some(unsigned), _) => unsigned <= MAX_SAFE,
        (None, Some(signed)) => signed.unsigned_abs() <= MAX_SAFE,
        (None, None) => double.is_finite(),
    }
}

#[cfg(test)]
mod tests;
