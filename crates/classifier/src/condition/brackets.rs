//! A first look at the source, before the parser: which brackets belong together, how deep they nest.
//!
//! It runs before the parser because that one recurses deeply and explains poorly; it knows texts, comments and
//! brackets, nothing else.

use super::error::{ConditionError, ConditionErrorKind};
use super::source::{Span, error_at};

/// Deepest nesting of brackets.
pub(crate) const MAX_NESTING: usize = 32;

/// The pairs of brackets of a source, as byte offsets.
#[derive(Debug, Default)]
pub(crate) struct Brackets {
    pairs: Vec<(usize, usize)>,
}

impl Brackets {
    /// Finds the pairs; refuses unbalanced and too deeply nested ones, open texts and control characters.
    pub(crate) fn scan(source: &str) -> Result<Self, ConditionError> {
        let mut found = Self::default();
        let mut open: Vec<(usize, u8)> = Vec::new();
        let bytes = source.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'"' | b'\'' => {
                    at = end_of_text(source, at)?;
                    continue;
                }
                b'/' if bytes.get(at + 1) == Some(&b'/') => {
                    at = source[at..].find('\n').map_or(bytes.len(), |length| at + length);
                    continue;
                }
                bracket @ (b'(' | b'[' | b'{') => {
                    open.push((at, bracket));
                    if open.len() > MAX_NESTING {
                        return Err(too_deep(source, at));
                    }
                }
                bracket @ (b')' | b']' | b'}') => found.close(source, &mut open, at, bracket)?,
                byte if byte.is_ascii_control() && !byte.is_ascii_whitespace() => {
                    return Err(syntax(source, at, "there is a control character here", "remove it"));
                }
                _ => {}
            }
            at += 1;
        }
        match open.last() {
            Some(&(at, bracket)) => {
                let message = format!("this `{}` is never closed", char::from(bracket));
                Err(syntax(source, at, message, format!("add the matching `{}`", char::from(closing(bracket)))))
            }
            None => Ok(found),
        }
    }

    fn close(
        &mut self,
        source: &str,
        open: &mut Vec<(usize, u8)>,
        at: usize,
        bracket: u8,
    ) -> Result<(), ConditionError> {
        match open.pop() {
            Some((start, opening)) if closing(opening) == bracket => {
                self.pairs.push((start, at));
                Ok(())
            }
            Some((_, opening)) => {
                let message = format!("`{}` closes nothing here", char::from(bracket));
                Err(syntax(source, at, message, format!("close with `{}` first", char::from(closing(opening)))))
            }
            None => {
                let message = format!("`{}` closes nothing here", char::from(bracket));
                Err(syntax(source, at, message, "remove it, or add the opening one"))
            }
        }
    }

    /// Where the bracket that opens at the offset is closed.
    pub(crate) fn closing_of(&self, start: usize) -> Option<usize> {
        self.pairs.iter().find(|pair| pair.0 == start).map(|pair| pair.1)
    }
}

fn closing(bracket: u8) -> u8 {
    match bracket {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// The offset after the text literal that starts at the quote `at`.
fn end_of_text(source: &str, at: usize) -> Result<usize, ConditionError> {
    let bytes = source.as_bytes();
    let quote = bytes[at];
    let raw = is_raw(&source[..at]);
    let triple = bytes[at..].starts_with(&[quote; 3]);
    let mut next = at + if triple { 3 } else { 1 };
    while let Some(&byte) = bytes.get(next) {
        match byte {
            b'\\' if !raw => next += 1,
            b'\0' => return Err(syntax(source, next, "there is a NUL character here", "remove it")),
            b'\n' if !triple => break,
            _ if byte == quote && !triple => return Ok(next + 1),
            _ if byte == quote && bytes[next..].starts_with(&[quote; 3]) => return Ok(next + 3),
            _ => {}
        }
        next += 1;
    }
    Err(syntax(source, at, "this text is never closed", format!("add the closing `{}`", char::from(quote))))
}

/// Whether the letters right before a quote make a raw literal, in which a backslash escapes nothing.
fn is_raw(before: &str) -> bool {
    let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    matches!(name, "r" | "R" | "br" | "bR" | "Br" | "BR")
}

fn too_deep(source: &str, at: usize) -> ConditionError {
    error_at(
        source,
        Span::new(at, at + 1),
        ConditionErrorKind::Limit,
        format!("brackets are nested more than {MAX_NESTING} deep"),
        "split the condition into several rules",
    )
}

fn syntax(source: &str, at: usize, message: impl Into<String>, expected: impl Into<String>) -> ConditionError {
    let end = source[at..].chars().next().map_or(at, |character| at + character.len_utf8());
    error_at(source, Span::new(at, end), ConditionErrorKind::Syntax, message, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        for source in [r#"f("(", '[', "\")")"#, "r\"\\\" + (1)", "\"\"\" ( \" \"\"\" // )\n", "b'('"] {
            Brackets::scan(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        }
    }

    #[test]
    fn pairs_are_found() {
        let brackets = Brackets::scan("f(a[0], (b))").expect("balanced");
        assert_eq!(brackets.closing_of(1), Some(11));
        assert_eq!(brackets.closing_of(3), Some(5));
        assert_eq!(brackets.closing_of(8), Some(10));
        assert_eq!(brackets.closing_of(0), None);
    }
}
