//! Records out of a CSV table with a heading line.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

use super::item::{Parsed, from_flat};

/// Reads the whole table; a row that cannot be read is rejected and the next one tried.
pub(super) fn parse(bytes: &[u8], stem: &str) -> anyhow::Result<Parsed> {
    // Spreadsheets put a byte order mark before the first heading.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let headings = reader.headers().context("cannot read the heading line")?.clone();
    if !headings.iter().any(|heading| heading.trim().eq_ignore_ascii_case("text")) {
        bail!("the table needs a column named text; it has: {}", headings.iter().collect::<Vec<_>>().join(", "));
    }
    let mut parsed = Parsed::default();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                parsed.reject(error.position().map_or(0, csv::Position::line), error);
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != headings.len() {
            parsed.reject(line, format_args!("has {} cells instead of {}", row.len(), headings.len()));
            continue;
        }
        let raw: Map<String, Value> = headings
            .iter()
            .zip(row.iter())
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(heading, cell)| (heading.trim().to_owned(), cell.into()))
            .collect();
        match from_flat(stem, line, &raw) {
            Ok(item) => parsed.items.push(item),
            Err(why) => parsed.reject(line, why),
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_may_hold_commas_quotes_and_lines() {
        let csv = "text,category,amount\n\"a, \"\"b\"\"\nc\",x,1.50\nplain,,\n";
        let parsed = parse(csv.as_bytes(), "f").expect("a table");
        assert!(parsed.rejected.is_empty());
        assert_eq!(parsed.items[0].body["normalized"]["text"], "a, \"b\"\nc");
        assert_eq!(parsed.items[0].body["normalized"]["attributes"]["category"], "x");
        assert_eq!(parsed.items[1].line, 4);
        assert!(parsed.items[1].body["normalized"].get("amount").is_none());
    }

    #[test]
    fn bad_rows_do_not_stop_the_good_ones() {
        let csv = b"\xEF\xBB\xBFtext,a\nfirst,1\ntoo,many,cells\n\xFF\xFE,2\n,3\nlast,4\n";
        let parsed = parse(csv, "f").expect("a table");
        let texts: Vec<_> = parsed.items.iter().map(|item| item.body["normalized"]["text"].clone()).collect();
        assert_eq!(texts, ["first", "last"]);
        assert_eq!(parsed.rejected.len(), 3, "{:?}", parsed.rejected);
        assert!(parsed.rejected[0].starts_with("line 3:"), "{:?}", parsed.rejected);
    }

    #[test]
    fn a_table_without_text_says_what_it_has() {
        let error = parse(b"message,date\nx,y\n", "f").expect_err("no text");
        assert!(error.to_string().contains("message, date"), "{error}");
    }
}
