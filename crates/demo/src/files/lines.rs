//! Records out of JSON: one object a line, or an array of objects.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use super::item::{Item, Parsed, derived_id, from_flat};

/// Names that an object may have which is a request of `POST /records` already.
const REQUEST: [&str; 4] = ["externalId", "source", "raw", "normalized"];

/// One object a line; blank lines are skipped.
pub(super) fn parse_lines(bytes: &[u8], stem: &str) -> anyhow::Result<Parsed> {
    let mut parsed = Parsed::default();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(value) => take(&mut parsed, stem, number, value),
            Err(error) => parsed.reject(number, format_args!("not JSON: {error}")),
        }
    }
    Ok(parsed)
}

/// An array of objects, or one object; rows are counted from 1.
pub(super) fn parse_document(bytes: &[u8], stem: &str) -> anyhow::Result<Parsed> {
    let mut parsed = Parsed::default();
    match serde_json::from_slice(bytes).context("the file is not JSON")? {
        Value::Array(rows) => (1..).zip(rows).for_each(|(number, row)| take(&mut parsed, stem, number, row)),
        row @ Value::Object(_) => take(&mut parsed, stem, 1, row),
        _ => bail!("the file holds neither an object nor an array of objects"),
    }
    Ok(parsed)
}

fn take(parsed: &mut Parsed, stem: &str, line: u64, value: Value) {
    let Value::Object(row) = value else { return parsed.reject(line, "not an object") };
    match item(stem, line, row) {
        Ok(item) => parsed.items.push(item),
        Err(why) => parsed.reject(line, why),
    }
}

fn item(stem: &str, line: u64, mut row: Map<String, Value>) -> Result<Item, String> {
    if row.contains_key("raw") && row.keys().all(|name| REQUEST.contains(&name.as_str())) {
        if !row.contains_key("externalId") {
            row.insert("externalId".to_owned(), derived_id(stem, line, &row).into());
        }
        return Ok(Item { line, body: row.into() });
    }
    if row.contains_key("text") {
        return from_flat(stem, line, &row);
    }
    // Some other system's object: its source's default mapping has to find the text.
    let external_id = derived_id(stem, line, &row);
    Ok(Item { line, body: json!({"externalId": external_id, "raw": row}) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_pass_and_plain_objects_are_wrapped() {
        let ndjson =
            "{\"externalId\":\"e\",\"raw\":{\"a\":1}}\n\n{\"text\":\"hi\",\"k\":\"v\"}\n{\"message\":\"other\"}\n";
        let parsed = parse_lines(ndjson.as_bytes(), "f").expect("lines");
        assert!(parsed.rejected.is_empty());
        let bodies: Vec<_> = parsed.items.iter().map(|item| &item.body).collect();
        assert_eq!(*bodies[0], json!({"externalId": "e", "raw": {"a": 1}}));
        assert_eq!(bodies[1]["normalized"]["attributes"]["k"], "v");
        assert_eq!(bodies[2]["raw"]["message"], "other");
        assert!(bodies[2].get("normalized").is_none());
        assert_eq!(parsed.items[1].line, 3);
    }

    #[test]
    fn bad_lines_are_reported_by_number() {
        let parsed = parse_lines(b"{\"text\":\"a\"}\n{oops\n[1]\n{\"text\":\"\"}\n", "f").expect("lines");
        assert_eq!(parsed.items.len(), 1);
        let starts: Vec<&str> = parsed.rejected.iter().map(|why| &why[..7]).collect();
        assert_eq!(starts, ["line 2:", "line 3:", "line 4:"]);
    }

    #[test]
    fn a_document_is_an_array_or_an_object() {
        assert_eq!(parse_document(b"[{\"text\":\"a\"},{\"text\":\"b\"}]", "f").expect("rows").items.len(), 2);
        assert_eq!(parse_document(b"{\"text\":\"a\"}", "f").expect("a row").items.len(), 1);
        assert!(parse_document(b"7", "f").is_err());
    }

    #[test]
    fn the_demos_own_files_are_files_too() {
        let own = include_bytes!("../../data/bank-transactions.ndjson");
        let parsed = parse_lines(own, "bank").expect("lines");
        assert!(parsed.items.len() > 100 && parsed.rejected.is_empty());
        assert!(parsed.items[0].body["normalized"]["attributes"]["type"].is_string());
    }
}
