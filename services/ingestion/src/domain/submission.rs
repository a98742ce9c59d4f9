//! Records that API callers send: what is checked, and what becomes of a raw one.

use std::sync::LazyLock;

use common::record::NormalizedRecord;
use common::violation::check_text;
use common::{DateTime, Violation};
use serde_json::Value;
use serde_json::value::RawValue;

use super::mapping::Mapping;
use super::provider::built_in;

/// The source of records whose sender names none.
pub(crate) const DEFAULT_SOURCE: &str = "api";
const MAX_EXTERNAL_ID: usize = 255;
const MAX_SOURCE: usize = 128;

/// What a caller sent.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) external_id: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) raw: Option<Box<RawValue>>,
    pub(crate) normalized: Option<NormalizedRecord>,
}

impl Submission {
    /// Everything that is wrong with it.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(id) = &self.external_id {
            check_text(&mut found, "externalId", id, 1, MAX_EXTERNAL_ID);
        }
        if let Some(source) = &self.source {
            check_text(&mut found, "source", source, 1, MAX_SOURCE);
        }
        if self.raw.as_ref().is_some_and(|raw| serde_json::from_str::<Value>(raw.get()).is_err()) {
            let message = "must be JSON with numbers in the range of a double, nested at most 127 deep";
            found.push(Violation::new("raw", "json", message));
        }
        match &self.normalized {
            Some(normalized) => {
                found.extend(normalized.violations("normalized."));
                if normalized.occurred_at.is_some_and(|time| !is_storable(time)) {
                    let message = "must be a time from year 1 to 9999";
                    found.push(Violation::new("normalized.occurredAt", "range", message));
                }
            }
            None if self.raw.is_none() => {
                found.push(Violation::new("raw", "required", "must be given, unless normalized is"));
            }
            None => {}
        }
        found
    }

    /// The record to store: the normalised one as given, or the raw one read as a generic webhook's body is.
    pub(crate) fn normalize(&mut self) -> NormalizedRecord {
        static GENERIC: LazyLock<Mapping> = LazyLock::new(|| {
            let generic = built_in().find("generic").expect("the catalogue has it");
            Mapping::compile(&generic.mapping).expect("compiled when the catalogue was read")
        });
        if let Some(normalized) = self.normalized.take() {
            return normalized;
        }
        let body = self.raw.as_ref().map_or("null", |raw| raw.get());
        // A raw text says itself, without its quotes.
        if let Ok(text) = serde_json::from_str::<String>(body) {
            let wrapped = serde_json::json!({ "text": text }).to_string();
            if let Ok(mapped) = GENERIC.apply(&|_| None, &wrapped) {
                return mapped.normalized;
            }
        }
        let mapped = GENERIC.apply(&|_| None, body);
        mapped.map_or_else(
            |_| NormalizedRecord { text: body.to_owned(), ..Default::default() },
            |mapped| mapped.normalized,
        )
    }
}

/// Whether PostgreSQL and RFC 3339 can both say the time.
pub(crate) fn is_storable(time: DateTime) -> bool {
    use chrono::Datelike as _;
    (1..=9999).contains(&time.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Submission {
        let raw = RawValue::from_string(json.to_owned()).expect("JSON");
        Submission { external_id: None, source: None, raw: Some(raw), normalized: None }
    }

    #[test]
    fn raw_is_read_as_a_generic_body_or_kept_as_text() {
        assert_eq!(raw("\"line\\none\"").normalize().text, "line\none");
        assert_eq!(raw("\"\"").normalize().text, "{\"text\":\"\"}");
        assert_eq!(
            raw("{\"text\":\"t\",\"amount\":1}").normalize().amount.map(|a| a.to_string()).as_deref(),
            Some("1")
        );
        assert_eq!(raw("[1, 2]").normalize().text, "[1,2]");
    }

    #[test]
    fn something_must_be_given() {
        let mut nothing = raw("1");
        nothing.raw = None;
        assert_eq!(nothing.violations()[0].path, "raw");
    }
}
