//! How long a pattern is once its counted repetitions are written out.
//!
//! The regex crate is linear in the text, but also in this length when its fast engine gives up: `[ab]{5000}z` took
//! 2 s on 65,000 characters (measured). Near enough is good enough here: it guards time, not correctness.

use std::iter::Peekable;
use std::str::Chars;

/// Most atoms of all of a condition's patterns with counted repetitions: each runs over the same text.
pub(crate) const MAX_EXPANDED: usize = 500;

/// The number of atoms, if any of them is repeated by a count.
pub(crate) fn expanded(pattern: &str) -> Option<usize> {
    let mut chars = pattern.chars().peekable();
    let (mut outer, mut total, mut last) = (Vec::new(), 0_usize, 0_usize);
    let mut counted = false;
    while let Some(character) = chars.next() {
        match character {
            '(' => {
                outer.push(total);
                (total, last) = (0, 0);
            }
            ')' => {
                last = total;
                total = total.saturating_add(outer.pop().unwrap_or(0));
            }
            '{' => {
                if let Some(count) = count_of(&mut chars) {
                    counted = true;
                    total = total.saturating_sub(last);
                    last = last.saturating_mul(count);
                    total = total.saturating_add(last);
                }
            }
            '*' | '+' | '?' | '|' | '^' | '$' => {}
            atom => {
                match atom {
                    '\\' => skip_escape(&mut chars),
                    '[' => skip_class(&mut chars),
                    _ => {}
                }
                last = 1;
                total = total.saturating_add(1);
            }
        }
    }
    counted.then_some(total)
}

/// The larger number of `{3}`, `{3,}` or `{3,5}`, after its opening brace.
fn count_of(chars: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let inner: String = chars.by_ref().take_while(|&character| character != '}').collect();
    inner.split(',').filter_map(|number| number.trim().parse().ok()).max()
}

fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    let named = matches!(chars.next(), Some('p' | 'P' | 'x' | 'u' | 'U'));
    if named && chars.peek() == Some(&'{') {
        chars.by_ref().find(|&character| character == '}');
    }
}

fn skip_class(chars: &mut Peekable<Chars<'_>>) {
    if chars.peek() == Some(&'^') {
        chars.next();
    }
    if chars.peek() == Some(&']') {
        chars.next();
    }
    let mut depth = 1;
    while depth > 0 {
        match chars.next() {
            Some('\\') => drop(chars.next()),
            Some('[') => depth += 1,
            Some(']') => depth -= 1,
            Some(_) => {}
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_written_out() {
        for (pattern, wanted) in [
            ("refund|order", None),
            (r"\d{4}-\d{2}-\d{2}", Some(10)),
            (r"([ab]{70}){70}", Some(4_900)),
            (r"[]{9}]\{\p{L}{2,3}", Some(5)),
            (r"(a(bc){2}){3}", Some(15)),
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", Some(36)),
        ] {
            assert_eq!(expanded(pattern), wanted, "{pattern}");
        }
    }
}
