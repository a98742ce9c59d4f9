//! Cutting a content into records, a window at a time: nothing but the window is in memory, whatever a line's length.

use super::ImportFormat;

/// Longest record, in bytes.
pub(crate) const MAX_RECORD: usize = 1 << 20;

/// One record, not yet understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'w> {
    /// Its bytes, less the end of the line.
    Whole { line: u64, bytes: &'w [u8] },
    /// Longer than a record may be.
    TooLong { line: u64 },
}

/// Where cutting begins, or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The line, from 1.
    pub(crate) line: u64,
    /// Whether that is in the middle of a record that is too long.
    pub(crate) skipping: bool,
}

/// What a window held.
#[derive(Debug)]
pub(crate) struct Cut<'w> {
    pub(crate) lines: Vec<Line<'w>>,
    /// Bytes that are done with.
    pub(crate) consumed: usize,
    pub(crate) next: Place,
}

/// How to cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) format: ImportFormat,
    /// Most records to cut.
    pub(crate) most: usize,
    /// Longest record, in bytes; the window must have room for one.
    pub(crate) longest: usize,
    /// Whether the window ends where the content does.
    pub(crate) at_end: bool,
}

/// Where in a CSV record a byte stands, as RFC 4180 and the `csv` crate see it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Start,
    Plain,
    Quoted,
    QuoteInQuoted,
}

impl Field {
    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, b'"') | (Self::QuoteInQuoted, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::QuoteInQuoted,
            (Self::Quoted, _) => Self::Quoted,
            (_, b',') => Self::Start,
            _ => Self::Plain,
        }
    }
}

/// Cuts a window. Blank lines are no records. A record that the window's end cuts off is left for the next window.
pub(crate) fn cut(window: &[u8], from: Place, rules: Rules) -> Cut<'_> {
    let mut cut = Cut { lines: Vec::new(), consumed: 0, next: from };
    let (mut line, mut start, mut field) = (from.line, 0, Field::Start);
    let mut skipping = from.skipping;
    for (at, byte) in window.iter().enumerate() {
        if cut.lines.len() >= rules.most {
            return cut;
        }
        let ends = *byte == b'\n' && (skipping || rules.format == ImportFormat::Ndjson || field != Field::Quoted);
        line += u64::from(*byte == b'\n');
        if ends {
            if !skipping {
                cut.push(cut.next.line, &window[start..at]);
            }
            (start, field, skipping) = (at + 1, Field::Start, false);
            cut.consumed = start;
            cut.next = Place { line, skipping };
        } else if !skipping {
            field = field.after(*byte);
            if at - start >= rules.longest {
                // Where a quote is never closed, the next line is the best place to go on.
                cut.lines.push(Line::TooLong { line: cut.next.line });
                skipping = true;
                cut.consumed = at + 1;
                cut.next = Place { line, skipping };
            }
        }
    }
    if skipping {
        cut.consumed = window.len();
        cut.next = Place { line, skipping };
    } else if rules.at_end && start < window.len() && cut.lines.len() < rules.most {
        cut.push(cut.next.line, &window[start..]);
        cut.consumed = window.len();
        cut.next = Place { line, skipping };
    }
    cut
}

impl<'w> Cut<'w> {
    /// Whether anything was cut; nothing was when the window is shorter than its first record.
    pub(crate) const fn has_progress(&self) -> bool {
        self.consumed > 0
    }

    fn push(&mut self, line: u64, bytes: &'w [u8]) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if !bytes.trim_ascii().is_empty() {
            self.lines.push(Line::Whole { line, bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Place = Place { line: 1, skipping: false };

    fn whole(text: &[u8], format: ImportFormat) -> Vec<(u64, String)> {
        let cut = cut(text, FIRST, Rules { format, most: usize::MAX, longest: 12, at_end: true });
        assert_eq!(cut.consumed, text.len());
        owned(&cut.lines)
    }

    fn owned(lines: &[Line<'_>]) -> Vec<(u64, String)> {
        let owned = |line: &Line<'_>| match line {
            Line::Whole { line, bytes } => (*line, String::from_utf8_lossy(bytes).into_owned()),
            Line::TooLong { line } => (*line, "(too long)".to_owned()),
        };
        lines.iter().map(owned).collect()
    }

    fn expected(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn lines_end_where_they_should() {
        assert_eq!(whole(b"a\r\n\n  \nb\nc", ImportFormat::Ndjson), expected(&[(1, "a"), (4, "b"), (5, "c")]));
        assert_eq!(whole(b"\"a\nb\",1\nc\n", ImportFormat::Csv), expected(&[(1, "\"a\nb\",1"), (3, "c")]));
        assert_eq!(
            whole(b"\"a\"\"\n\",1\nc\"\nd", ImportFormat::Csv),
            expected(&[(1, "\"a\"\"\n\",1"), (3, "c\""), (4, "d")])
        );
        assert_eq!(whole(b"0123456789abcdef\nb", ImportFormat::Ndjson), expected(&[(1, "(too long)"), (2, "b")]));
        assert_eq!(whole(b"\"never closed\nb\n", ImportFormat::Csv), expected(&[(1, "(too long)"), (2, "b")]));
    }

    proptest! {
        #[test]
        fn windows_change_nothing(
            text in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), Just(b'\r'), any::<u8>()], 0..300),
            window in 14_usize..40,
            most in 1_usize..5,
            is_csv in any::<bool>(),
        ) {
            let format = if is_csv { ImportFormat::Csv } else { ImportFormat::Ndjson };
            let (mut at, mut place, mut found) = (0, FIRST, Vec::new());
            while at < text.len() {
                let end = text.len().min(at + window);
                let rules = Rules { format, most, longest: 12, at_end: end == text.len() };
                let step = cut(&text[at..end], place, rules);
                prop_assert!(step.consumed > 0 || step.next != place, "no step forward at {at}");
                found.extend(owned(&step.lines));
                at += step.consumed;
                place = step.next;
            }
            prop_assert_eq!(found, whole(&text, format));
        }
    }
}
