//! Texts as they may be stored: without NUL, not longer than their field.

/// The text cut to `max` characters with NUL replaced; `true` when something was cut off.
pub(super) fn clean(text: String, max: usize) -> (String, bool) {
    let text = if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text };
    // Bytes bound characters from above, so the common case needs no count.
    if text.len() <= max {
        return (text, false);
    }
    match text.char_indices().nth(max) {
        Some((end, _)) => (text[..end].to_owned(), true),
        None => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_and_nul_goes() {
        assert_eq!(clean("a\0b".into(), 3), ("a\u{FFFD}b".into(), false));
        assert_eq!(clean("äöü".into(), 3), ("äöü".into(), false));
        assert_eq!(clean("äöüß".into(), 3), ("äöü".into(), true));
    }
}
