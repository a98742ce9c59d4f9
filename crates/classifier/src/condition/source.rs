//! The source text: byte ranges in it, and where they are for a person.

use super::error::{ConditionError, ConditionErrorKind, EvalError, EvalErrorReason};

/// Longest fragment quoted in an error, in characters.
const MAX_FRAGMENT: usize = 80;

/// A byte range of a source; sources are at most 2,048 bytes long, so it fits into four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let narrow = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
        Self { start: narrow(start), end: narrow(end.max(start)) }
    }

    pub(crate) fn start(self) -> usize {
        usize::from(self.start)
    }

    pub(crate) fn end(self) -> usize {
        usize::from(self.end)
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Why an evaluation has no value, small enough to be passed up without cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: EvalErrorReason,
    pub(crate) span: Span,
}

impl Fault {
    /// Whether it only says that the record lacks an amount or a time, which is no mistake of anyone's.
    pub(crate) fn is_absence(self) -> bool {
        self.reason == EvalErrorReason::Absent
    }

    /// Of two faults the one to report: the first, unless it is an absence.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_absence() { other } else { self }
    }

    pub(crate) fn explain(self, source: &str) -> EvalError {
        EvalError { expression: text_of(source, self.span).to_owned(), reason: self.reason }
    }
}

/// The text of the span, empty when it is out of range.
pub(crate) fn text_of(source: &str, span: Span) -> &str {
    source.get(span.start()..span.end().min(source.len())).unwrap_or_default()
}

/// The source without space and comments outside of texts; one blank is left between words.
pub(crate) fn canonical(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source.chars().peekable();
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut is_apart = false;
    while let Some(character) = rest.next() {
        match character {
            '/' if rest.peek() == Some(&'/') => {
                rest.by_ref().find(|&next| next == '\n');
                is_apart = true;
            }
            _ if character.is_ascii_whitespace() => is_apart = true,
            _ => {
                if is_apart && is_word(character) && out.ends_with(is_word) {
                    out.push(' ');
                }
                is_apart = false;
                out.push(character);
                if matches!(character, '"' | '\'') {
                    copy_text(character, &mut rest, &mut out);
                }
            }
        }
    }
    out
}

/// Copies the rest of a text literal. What it gets wrong of raw and triple-quoted ones leaves more as it was written.
fn copy_text(quote: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    while let Some(character) = rest.next() {
        out.push(character);
        match character {
            '\\' => out.extend(rest.next()),
            _ if character == quote => return,
            _ => {}
        }
    }
}

/// Line and column of a byte offset, from 1, the column in characters.
pub(crate) fn position_of(source: &str, offset: usize) -> (u32, u32) {
    let before = source.get(..offset).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    (count(before.matches('\n').count()), count(before[line_start..].chars().count()))
}

/// The byte offset of a line and column, both from 1; the end when they are beyond it.
pub(crate) fn offset_of(source: &str, line: usize, column: usize) -> usize {
    let line_start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &source[line_start.min(source.len())..];
    rest.char_indices().nth(column.saturating_sub(1)).map_or(source.len(), |(index, _)| line_start + index)
}

/// An error about the span.
pub(crate) fn error_at(
    source: &str,
    span: Span,
    kind: ConditionErrorKind,
    message: impl Into<String>,
    expected: impl Into<String>,
) -> ConditionError {
    let (line, column) = position_of(source, span.start());
    let text = text_of(source, span);
    let mut fragment: String = text.chars().take(MAX_FRAGMENT).collect();
    if fragment.len() < text.len() {
        fragment.push('…');
    }
    ConditionError { kind, line, column, message: message.into(), expected: expected.into(), fragment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_means_nothing_outside_of_texts() {
        for (source, wanted) in [
            (" record.amount  >100 // much\n && true", "record.amount>100&&true"),
            ("record.text == 'a  b \\' c' ", r"record.text=='a  b \' c'"),
            ("record.text in  lists.x", "record.text in lists.x"),
        ] {
            assert_eq!(canonical(source), wanted);
        }
    }

    #[test]
    fn columns_count_characters() {
        let source = "\"äöü\" ==\n \"😀\" x";
        let offset = source.find('x').expect("there");
        assert_eq!(position_of(source, offset), (2, 6));
        assert_eq!(offset_of(source, 2, 6), offset);
        assert_eq!(offset_of(source, 9, 9), source.len());
    }
}
