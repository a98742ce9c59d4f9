//! What may leave the house: a record that was asked about, cleaned and cut.
//!
//! [`Sendable`] is the only thing that prompts, examples, batches and embeddings take, and its only constructors ask
//! whether the record may be sent. So a "do not send" cannot be forgotten: without the answer there is nothing to send.

use std::collections::BTreeMap;

use common::record::{AttributeValue, NormalizedRecord};
use serde::{Deserialize, Serialize};

use crate::clean::{clean, mask};
use crate::question::Label;

/// The attribute by which a source marks a record that must not leave; `true`, or any text or number but `false` and 0.
pub const DO_NOT_SEND: &str = "doNotSend";

const MAX_LINE: usize = 200;
const MAX_ATTRIBUTES: usize = 16;

/// Whether the tenant lets the record be sent to a model. There is no default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disclosure {
    /// It may be sent.
    Permitted,
    /// It must not leave.
    Forbidden,
}

/// Why a record does not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotAllowed {
    /// The tenant forbids it.
    #[error("the tenant does not let this record be sent to a model")]
    Forbidden,
    /// The record's own attribute forbids it.
    #[error("the record is marked {DO_NOT_SEND}")]
    MarkedOnRecord,
}

/// How much of a record is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLimits {
    /// Longest text, in characters.
    pub max_text_chars: usize,
    /// Whether addresses of mail and long numbers are replaced.
    pub masks_personal_data: bool,
}

impl Default for ContentLimits {
    fn default() -> Self {
        Self { max_text_chars: 1_500, masks_personal_data: true }
    }
}

/// A record's content as a model sees it; its existence says that it may be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Sendable {
    json: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    source: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, serde_json::Value>,
}

impl Sendable {
    /// The record's content, if it may leave.
    ///
    /// # Errors
    /// When the tenant or the record itself forbids it.
    pub fn of(
        record: &NormalizedRecord,
        source: &str,
        disclosure: Disclosure,
        limits: ContentLimits,
    ) -> Result<Self, NotAllowed> {
        admit(disclosure)?;
        if record.attributes.get(DO_NOT_SEND).is_some_and(is_set) {
            return Err(NotAllowed::MarkedOnRecord);
        }
        let plain = |text: &str, max| {
            // Masked before it is cut: half a card number is no longer recognised as one.
            let text = clean(text, max * 4);
            clean(&if limits.masks_personal_data { mask(&text) } else { text }, max)
        };
        let line = |text: &Option<String>| text.as_deref().map(|text| plain(text, MAX_LINE)).filter(|t| !t.is_empty());
        let attributes = record.attributes.iter().take(MAX_ATTRIBUTES).map(|(name, value)| {
            let value = match value {
                AttributeValue::Bool(value) => (*value).into(),
                AttributeValue::Number(value) => (*value).into(),
                AttributeValue::Text(value) => plain(value, MAX_LINE).into(),
            };
            (clean(name, MAX_LINE), value)
        });
        let fields = Fields {
            title: line(&record.title),
            text: plain(&record.text, limits.max_text_chars),
            amount: record.amount.as_ref().map(|amount| amount.as_decimal().to_string()),
            currency: record.currency.clone(),
            counterparty: line(&record.counterparty),
            // The day, not the second: it is of no more use, and equal records stay equal.
            date: record.occurred_at.map(|time| time.date_naive().to_string()),
            source: plain(source, MAX_LINE),
            attributes: attributes.collect(),
        };
        Ok(Self { json: serde_json::to_string(&fields).unwrap_or_default() })
    }

    /// One line of JSON.
    pub(crate) fn as_json(&self) -> &str {
        &self.json
    }
}

/// A text to be embedded elsewhere; its existence says that it may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendableText(String);

impl SendableText {
    /// The text, if the record that it is of may leave.
    ///
    /// # Errors
    /// When the tenant or the record itself forbids it.
    pub fn of(text: &str, record: &NormalizedRecord, disclosure: Disclosure, max: usize) -> Result<Self, NotAllowed> {
        admit(disclosure)?;
        if record.attributes.get(DO_NOT_SEND).is_some_and(is_set) {
            return Err(NotAllowed::MarkedOnRecord);
        }
        Ok(Self(clean(text, max)))
    }

    /// A tenant's own words about a label, which are no record.
    #[must_use]
    pub fn of_label(label: &Label, max: usize) -> Self {
        Self(clean(&format!("{}: {}", label.name, label.description), max))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const fn admit(disclosure: Disclosure) -> Result<(), NotAllowed> {
    match disclosure {
        Disclosure::Permitted => Ok(()),
        Disclosure::Forbidden => Err(NotAllowed::Forbidden),
    }
}

/// Anything but a clear "no" counts as set: a source that writes `"yes"` means it.
fn is_set(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::Bool(value) => *value,
        AttributeValue::Number(value) => *value != 0.0,
        AttributeValue::Text(value) => !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "false" | "no" | "0"),
    }
}

#[cfg(test)]
mod tests {
    use common::record::{AttributeValue, NormalizedRecord};
    use serde_json::{Value, json};

    use super::{ContentLimits, DO_NOT_SEND, Disclosure, NotAllowed, Sendable, SendableText};

    fn marked(value: AttributeValue) -> NormalizedRecord {
        NormalizedRecord { attributes: [(DO_NOT_SEND.to_owned(), value)].into(), ..NormalizedRecord::default() }
    }

    fn of(record: &NormalizedRecord, disclosure: Disclosure) -> Result<Sendable, NotAllowed> {
        Sendable::of(record, "bank", disclosure, ContentLimits::default())
    }

    #[test]
    fn what_is_forbidden_or_marked_does_not_leave() {
        assert_eq!(of(&NormalizedRecord::default(), Disclosure::Forbidden), Err(NotAllowed::Forbidden));
        for set in [true.into_value(), "yes".into_value(), "TRUE".into_value(), 1.0.into_value()] {
            let record = marked(set);
            assert_eq!(of(&record, Disclosure::Permitted), Err(NotAllowed::MarkedOnRecord), "{record:?}");
            let text = SendableText::of("a", &record, Disclosure::Permitted, 10);
            assert_eq!(text, Err(NotAllowed::MarkedOnRecord));
        }
        for unset in [false.into_value(), "no".into_value(), "".into_value(), 0.0.into_value()] {
            of(&marked(unset), Disclosure::Permitted).unwrap();
        }
    }

    #[test]
    fn fields_are_one_line_of_json_without_what_is_missing() {
        let record = NormalizedRecord {
            title: Some(" \u{200b} ".into()),
            text: "Taxi\nto 4111 1111 1111 1111".into(),
            amount: Some("-12.50".parse().unwrap()),
            currency: Some("EUR".into()),
            attributes: [("plan".to_owned(), "pro\u{202e}".into_value())].into(),
            ..NormalizedRecord::default()
        };
        let sendable = of(&record, Disclosure::Permitted).unwrap();
        assert!(!sendable.as_json().contains('\n'));
        assert_eq!(
            serde_json::from_str::<Value>(sendable.as_json()).unwrap(),
            json!({
                "text": "Taxi to [number]", "amount": "-12.50", "currency": "EUR", "source": "bank",
                "attributes": { "plan": "pro" },
            })
        );
        let long = NormalizedRecord { text: "é".repeat(5_000), ..NormalizedRecord::default() };
        let json: Value = serde_json::from_str(of(&long, Disclosure::Permitted).unwrap().as_json()).unwrap();
        assert_eq!(json["text"].as_str().unwrap().chars().count(), 1_500);
    }

    trait IntoValue {
        fn into_value(self) -> AttributeValue;
    }
    impl IntoValue for bool {
        fn into_value(self) -> AttributeValue {
            AttributeValue::Bool(self)
        }
    }
    impl IntoValue for f64 {
        fn into_value(self) -> AttributeValue {
            AttributeValue::Number(self)
        }
    }
    impl IntoValue for &str {
        fn into_value(self) -> AttributeValue {
            AttributeValue::Text(self.to_owned())
        }
    }
}
