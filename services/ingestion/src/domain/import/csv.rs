//! Records as lines of CSV below a line of column names.

use std::collections::BTreeSet;

use common::record::{AttributeValue, NormalizedRecord};
use common::{DateTime, Violation};
use serde::{Deserialize, Serialize};

use crate::domain::submission::Submission;

/// What columns may be named, beside `attributes.*`.
const NAMES: [&str; 8] = ["text", "title", "amount", "currency", "counterparty", "occurredAt", "externalId", "source"];
const ATTRIBUTE: &str = "attributes.";

/// The names of the columns, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header(Vec<String>);

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It cannot be read as CSV in UTF-8.
    Unreadable(String),
    /// Its cells make no record.
    Invalid(Vec<Violation>),
}

impl Header {
    /// Reads the line of names.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        let names: Vec<String> = cells(line)?.into_iter().map(|name| name.trim().to_owned()).collect();
        let mut seen = BTreeSet::new();
        for name in &names {
            let attribute = name.strip_prefix(ATTRIBUTE).is_some_and(|name| !name.is_empty());
            if !attribute && !NAMES.contains(&name.as_str()) {
                let known = NAMES.join(", ");
                return Err(format!("column {name:?} is unknown; name columns {known}, or attributes.<name>"));
            }
            if !seen.insert(name) {
                return Err(format!("column {name:?} is there twice"));
            }
        }
        if names.iter().any(|name| name == "text") { Ok(Self(names)) } else { Err("column \"text\" is missing".into()) }
    }

    /// Reads a line. An empty cell is one that was left out.
    pub(crate) fn submission(&self, line: &[u8]) -> Result<Submission, Fault> {
        let cells = cells(line).map_err(Fault::Unreadable)?;
        if cells.len() != self.0.len() {
            let message = format!("the line has {} cells and the header {}", cells.len(), self.0.len());
            return Err(Fault::Unreadable(message));
        }
        let mut submission = Submission { external_id: None, source: None, raw: None, normalized: None };
        let mut record = NormalizedRecord::default();
        let mut found = Vec::new();
        for (name, cell) in self.0.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            match name.as_str() {
                "text" => record.text = cell,
                "title" => record.title = Some(cell),
                "currency" => record.currency = Some(cell),
                "counterparty" => record.counterparty = Some(cell),
                "externalId" => submission.external_id = Some(cell),
                "source" => submission.source = Some(cell),
                "amount" => match cell.trim().parse() {
                    Ok(amount) => record.amount = Some(amount),
                    Err(_) => found.push(Violation::new("amount", "decimal", "must be a decimal number such as -1.10")),
                },
                "occurredAt" => match chrono::DateTime::parse_from_rfc3339(cell.trim()) {
                    Ok(time) => record.occurred_at = Some(DateTime::from(time)),
                    Err(_) => found.push(Violation::new("occurredAt", "date_time", "must be an RFC 3339 time")),
                },
                other => {
                    let attribute = other.strip_prefix(ATTRIBUTE).unwrap_or(other).to_owned();
                    record.attributes.insert(attribute, AttributeValue::Text(cell));
                }
            }
        }
        if record.text.is_empty() {
            found.push(Violation::new("text", "required", "must be given"));
        }
        submission.normalized = Some(record);
        found.extend(submission.violations());
        if found.is_empty() { Ok(submission) } else { Err(Fault::Invalid(found)) }
    }
}

fn cells(line: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
    let mut reader = ::csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).terminator(::csv::Terminator::Any(b'\n'));
    let mut records = reader.from_reader(text.as_bytes()).into_records();
    let first = records.next().ok_or("the line is empty")?.map_err(|error| error.to_string())?;
    if records.next().is_some() {
        return Err("the quotes of the line do not pair".to_owned());
    }
    Ok(first.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_become_fields() {
        let header = Header::read(b"externalId,text,amount,attributes.shop,title").expect("reads");
        let read = header.submission("7,\"a \"\"b\"\"\nc\",-1.10,Köln,".as_bytes()).expect("a record");
        let record = read.normalized.expect("normalised");
        assert_eq!((read.external_id.as_deref(), record.text.as_str()), (Some("7"), "a \"b\"\nc"));
        assert_eq!(record.amount.map(|amount| amount.to_string()).as_deref(), Some("-1.10"));
        assert_eq!((record.title, &record.attributes["shop"]), (None, &AttributeValue::Text("Köln".into())));
        let rule = |line: &[u8]| match header.submission(line) {
            Err(Fault::Invalid(found)) => found[0].rule.clone(),
            Err(Fault::Unreadable(text)) => text,
            Ok(_) => "none".into(),
        };
        assert_eq!(rule(b"7,,1,,"), "required");
        assert_eq!(rule(b"7,t,1e5,,"), "decimal");
        assert_eq!(rule(b"7,t"), "the line has 2 cells and the header 5");
        assert_eq!(rule(b"7,\xff,,,"), "the line is not UTF-8");
        assert_eq!(rule(b"7,a\0,,,"), "no_nul");
    }

    #[test]
    fn headers_are_checked() {
        for (line, part) in [
            (&b"text,colour"[..], "\"colour\" is unknown"),
            (b"text,text", "twice"),
            (b"title", "\"text\" is missing"),
            (b"text,attributes.", "unknown"),
        ] {
            let refused = Header::read(line).expect_err(part);
            assert!(refused.contains(part), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_a_record_or_refused(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Header::read(&line);
            let _ = Header::read(b"text,amount").expect("reads").submission(&line);
        }
    }
}
