//! Untrusted text made plain: nothing invisible in it, no line of its own, no longer than allowed, personal data masked.

/// The text without control and invisible characters, with single blanks, of at most `max` characters.
///
/// What is invisible to a person must not speak to a model: zero-width and directional characters, tags, variation
/// selectors and private-use characters go; every kind of blank and line end becomes one blank.
pub(crate) fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let (mut count, mut blank) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() || c == '\u{2800}' || c == '\u{3164}' {
            blank = count > 0;
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if count + usize::from(blank) >= max {
            break;
        }
        if blank {
            out.push(' ');
            count += 1;
            blank = false;
        }
        out.push(c);
        count += 1;
    }
    out
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{e000}'..='\u{f8ff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// The text with addresses of mail and long numbers (cards, accounts, telephones) replaced.
pub(crate) fn mask(text: &str) -> String {
    let words = text.split(' ').map(|word| if is_mail_address(word) { "[email]" } else { word });
    mask_numbers(&words.collect::<Vec<_>>().join(" "))
}

fn is_mail_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        user.chars().any(char::is_alphanumeric)
            && host.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    })
}

/// Fewest digits that make a number worth hiding: a telephone number without its prefix. Dates and amounts are shorter.
const MIN_DIGITS: usize = 9;

fn mask_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let kept = run.trim_end_matches([' ', '-']);
        // A day and an hour after it have as many digits as a telephone number.
        let is_date = kept.as_bytes().get(4) == Some(&b'-') && kept.as_bytes().get(7) == Some(&b'-') && digits <= 14;
        if digits >= MIN_DIGITS && !is_date {
            out.push_str("[number]");
            out.push_str(&run[kept.len()..]);
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() || (!run.is_empty() && (c == ' ' || c == '-')) {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{clean, mask};

    #[test]
    fn what_cannot_be_seen_is_gone() {
        for (text, expected) in [
            ("  a\r\n\tb\u{a0}c  ", "a b c"),
            ("ig\u{200b}no\u{feff}re\u{202e} \u{2066}this\u{2069}", "ignore this"),
            ("tag\u{e0041}\u{e0042}s", "tags"),
            ("a\u{0}b\u{1b}[31mc\u{7f}\u{85}d", "ab[31mc d"),
            ("soft\u{ad}hyphen e\u{301} ü 漢字 👍\u{fe0f}", "softhyphen e\u{301} ü 漢字 👍"),
            ("line\u{2028}end\u{2029}", "line end"),
        ] {
            assert_eq!(clean(text, 100), expected, "{text:?}");
        }
        assert_eq!(clean("abc def", 4), "abc");
        assert_eq!(clean("abc def", 5), "abc d");
    }

    #[test]
    fn personal_data_is_masked_and_amounts_are_not() {
        for (text, expected) in [
            ("pay jo.b@example.com now", "pay [email] now"),
            ("card 4111 1111 1111 1111 ok", "card [number] ok"),
            ("DE89370400440532013000", "DE[number]"),
            ("on 2026-01-31: 1,250.00 EUR, ref 12345", "on 2026-01-31: 1,250.00 EUR, ref 12345"),
            ("on 2026-01-31 12:30", "on 2026-01-31 12:30"),
            ("user@host and @name", "user@host and @name"),
        ] {
            assert_eq!(mask(text), expected);
        }
    }

    proptest! {
        #[test]
        fn cleaned_text_is_short_plain_and_stays_as_it_is(text in "\\PC*|[\\x00-\\x7f\u{200b}\u{e0041}]*", max in 0_usize..60) {
            let once = clean(&text, max);
            prop_assert!(once.chars().count() <= max);
            prop_assert!(!once.contains(|c: char| c.is_control()));
            prop_assert_eq!(clean(&once, max), once);
        }
    }
}
