//! Cells of CSV that goes out to people, who open it with a spreadsheet.

/// A line. What a spreadsheet would take for a formula is put behind an apostrophe, as OWASP advises: a text that
/// begins with `=`, `+`, `-`, `@` (also in full width), a tab or the end of a line, and is no plain number.
pub(crate) fn line(cells: &[&str]) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push(&mut line, cell);
    }
    line.push_str("\r\n");
    line
}

fn push(line: &mut String, cell: &str) {
    let guard = if is_formula(cell) { "'" } else { "" };
    if cell.contains(['"', ',', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
        line.push('"');
        line.push_str(guard);
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(guard);
        line.push_str(cell);
    }
}

fn is_formula(cell: &str) -> bool {
    const SIGNS: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
    cell.starts_with(SIGNS) && !is_number(cell)
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.matches('.').count() <= 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_texts() {
        assert_eq!(
            line(&["=1+1", "-1.10", "-1+1", "@SUM(a,b)", "a \"b\"", "＝1+1", "\n=1"]),
            "'=1+1,-1.10,'-1+1,\"'@SUM(a,b)\",\"a \"\"b\"\"\",'＝1+1,\"'\n=1\"\r\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(cells in proptest::collection::vec("[a-z\"\n\r, =+0-9-]{0,12}", 2..5)) {
            let text = line(&cells.iter().map(String::as_str).collect::<Vec<_>>());
            let mut reader = ::csv::ReaderBuilder::new();
            let read = reader.has_headers(false).from_reader(text.as_bytes()).into_records().next().expect("a line").expect("CSV");
            for (cell, read) in cells.iter().zip(read.iter()) {
                prop_assert_eq!(read, if is_formula(cell) { format!("'{cell}") } else { cell.clone() });
            }
        }
    }
}
