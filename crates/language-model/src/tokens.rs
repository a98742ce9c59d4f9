//! Counting tokens without the model's own tokeniser: a bound for reserving, an estimate for where an endpoint does not say.

/// What the chat format adds around each message.
const PER_MESSAGE: u64 = 8;
/// Letters in a token of plain words, as a rule of thumb that rather counts too many.
const LETTERS: usize = 4;
/// Digits in a token: tokenisers group at most three.
const DIGITS: usize = 2;

/// More tokens than the texts can have: a byte-level tokeniser makes no token of less than a byte.
pub(crate) fn upper_bound<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    texts.into_iter().map(|text| text.len() as u64 + PER_MESSAGE).sum()
}

/// About as many tokens as the texts have, rather more than fewer.
pub(crate) fn estimate<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    texts.into_iter().map(|text| tokens_of(text) + PER_MESSAGE).sum()
}

fn tokens_of(text: &str) -> u64 {
    let (mut tokens, mut letters, mut digits) = (0_usize, 0, 0);
    for c in text.chars() {
        if c.is_ascii_alphabetic() {
            letters += 1;
            continue;
        }
        tokens += usize::div_ceil(letters, LETTERS);
        letters = 0;
        if c.is_ascii_digit() {
            digits += 1;
            continue;
        }
        tokens += usize::div_ceil(digits, DIGITS);
        digits = 0;
        // A blank joins the word after it; other scripts take a token a character, or more.
        tokens += if c == ' ' { 0 } else { c.len_utf8().div_ceil(2) };
    }
    (tokens + letters.div_ceil(LETTERS) + digits.div_ceil(DIGITS)) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{estimate, upper_bound};

    #[test]
    fn estimates_are_of_the_right_size() {
        // Counted with a byte-pair tokeniser of 100,000 entries: 10, 6 and 4, without the message's own.
        for (text, real) in
            [("The quick brown fox jumps over the lazy dog.", 10), (r#"{"label":"L07"}"#, 6), ("4111 1111", 4)]
        {
            let counted = estimate([text]) - 8;
            assert!((real..=real * 2).contains(&counted), "{text}: {counted} for {real}");
        }
    }

    proptest! {
        #[test]
        fn an_estimate_is_within_the_bound(text in ".{0,200}") {
            prop_assert!(estimate([text.as_str()]) <= upper_bound([text.as_str()]));
        }
    }
}
