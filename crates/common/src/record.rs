//! The record: one thing to be classified, in the form that all sources are brought to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::Amount;
use crate::violation::check_text;
use crate::{DateTime, Violation};

/// Longest `text`, in characters.
pub const MAX_TEXT: usize = 65_536;
/// Longest `title`, `counterparty` and text attribute, in characters.
pub const MAX_LINE: usize = 4_096;
/// Most attributes on one record.
pub const MAX_ATTRIBUTES: usize = 64;
/// Longest attribute name, in characters.
pub const MAX_ATTRIBUTE_NAME: usize = 128;

/// A record in the one shape that rules, embeddings and people see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NormalizedRecord {
    /// A short heading.
    #[serde(default)]
    pub title: Option<String>,
    /// What the record says; the main input of every stage.
    pub text: String,
    /// A decimal amount in `currency`.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// ISO 4217 code, three capital letters.
    #[serde(default)]
    pub currency: Option<String>,
    /// The other party: a merchant, a sender, a customer.
    #[serde(default)]
    pub counterparty: Option<String>,
    /// When the thing happened, as its source says.
    #[serde(default)]
    pub occurred_at: Option<DateTime>,
    /// Everything else that conditions may ask for.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// A scalar that a source gave beside the standard fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    /// `true` or `false`.
    Bool(bool),
    /// Any JSON number, as a double.
    Number(f64),
    /// A text.
    Text(String),
}

impl NormalizedRecord {
    /// Everything that is wrong with the record; empty when it may be stored. `prefix` is put before each path.
    #[must_use]
    pub fn violations(&self, prefix: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, &format!("{prefix}text"), &self.text, 0, MAX_TEXT);
        for (name, value) in [("title", &self.title), ("counterparty", &self.counterparty)] {
            if let Some(value) = value {
                check_text(&mut found, &format!("{prefix}{name}"), value, 0, MAX_LINE);
            }
        }
        if let Some(currency) = &self.currency
            && !is_currency_code(currency)
        {
            found.push(Violation::new(
                format!("{prefix}currency"),
                "iso_4217",
                "must be an ISO 4217 code such as \"EUR\"",
            ));
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            found.push(Violation::new(
                format!("{prefix}attributes"),
                "max_items",
                format!("must have at most {MAX_ATTRIBUTES} entries"),
            ));
        }
        for (name, value) in &self.attributes {
            let path = format!("{prefix}attributes.{name}");
            check_text(&mut found, &path, name, 1, MAX_ATTRIBUTE_NAME);
            match value {
                AttributeValue::Text(text) => check_text(&mut found, &path, text, 0, MAX_LINE),
                AttributeValue::Bool(_) | AttributeValue::Number(_) => {}
            }
        }
        found
    }
}

/// Whether the text looks like an ISO 4217 code: three capital ASCII letters.
#[must_use]
pub fn is_currency_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        // The derive of the schema does not see a name that came as a macro's argument.
        #[schema(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order of the record's life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of that name, if there is one.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use wire_enum;

wire_enum! {
    /// Where a record is on its way.
    RecordStatus {
        /// Stored; not yet looked at.
        Ingested = "ingested",
        /// Being decided.
        Processing = "processing",
        /// Decided by a machine.
        Classified = "classified",
        /// Waiting for a person.
        PendingReview = "pending_review",
        /// A person agreed.
        Approved = "approved",
        /// A person decided otherwise.
        Overridden = "overridden",
        /// Could not be decided; `reasoning` says why.
        Failed = "failed",
        /// Put away.
        Archived = "archived",
        /// Accepted while its source was paused.
        Held = "held",
    }
}

wire_enum! {
    /// Which step decided.
    Stage {
        /// A rule of the tenant's.
        Rule = "rule",
        /// Similarity to examples.
        Embedding = "embedding",
        /// A language model.
        Llm = "llm",
        /// A person.
        Human = "human",
        /// No step did.
        None = "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_name_the_path() {
        let mut record = NormalizedRecord { text: "a\0b".into(), currency: Some("eur".into()), ..Default::default() };
        record.attributes.insert("k".into(), AttributeValue::Text("v".repeat(MAX_LINE + 1)));
        let found: Vec<_> =
            record.violations("normalized.").into_iter().map(|v| format!("{} {}", v.path, v.rule)).collect();
        assert_eq!(
            found,
            ["normalized.text no_nul", "normalized.currency iso_4217", "normalized.attributes.k max_length"]
        );
    }

    #[test]
    fn the_contract_has_the_names_of_the_wire() {
        fn is_so<T: utoipa::PartialSchema + Serialize>(all: &[T]) {
            let schema = serde_json::to_value(T::schema()).expect("a schema is JSON");
            assert_eq!(schema["enum"], serde_json::to_value(all).expect("names"));
        }
        is_so(RecordStatus::ALL);
        is_so(Stage::ALL);
        is_so(crate::rule::RuleStatus::ALL);
        is_so(crate::rule::RuleOrigin::ALL);
    }

    #[test]
    fn attribute_values_keep_their_type() {
        let json = r#"{"text":"t","attributes":{"a":true,"b":3.5,"c":"x"}}"#;
        let record: NormalizedRecord = serde_json::from_str(json).expect("valid");
        assert_eq!(record.attributes["a"], AttributeValue::Bool(true));
        assert_eq!(record.attributes["b"], AttributeValue::Number(3.5));
        assert_eq!(record.attributes["c"], AttributeValue::Text("x".into()));
    }
}
