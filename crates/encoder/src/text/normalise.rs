//! BERT's uncased normalisation: control characters out, every blank a space, lower case without accents, and each
//! punctuation mark and CJK character a word of its own.

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

/// The first words of a text, each without blanks, in order; at least `enough` where there are so many.
pub(super) fn words(text: &str, enough: usize) -> Words {
    let mut words = Words::default();
    for c in text.chars() {
        if words.ends.len() >= enough {
            return words;
        }
        match c {
            '\t' | '\n' | '\r' => words.end(),
            '\u{fffd}' => {}
            _ if is_control(c) => {}
            _ if c.is_whitespace() => words.end(),
            _ if c.is_ascii() => words.push(c.to_ascii_lowercase()),
            _ if is_cjk(c) => {
                words.end();
                decompose(c, &mut words);
                words.end();
            }
            _ => decompose(c, &mut words),
        }
    }
    words.end();
    words
}

/// Words one behind the other in one string.
#[derive(Default)]
pub(super) struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    /// Each word in turn.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    fn push(&mut self, c: char) {
        let lone = is_punctuation(c);
        if lone {
            self.end();
        }
        self.text.push(c);
        if lone {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.text.len() > self.ends.last().copied().unwrap_or(0) {
            self.ends.push(self.text.len());
        }
    }
}

// Accents are stripped before case is lowered, which matters for letters whose lower case has two characters.
fn decompose(c: char, words: &mut Words) {
    for part in std::iter::once(c).nfd() {
        if get_general_category(part) != GeneralCategory::NonspacingMark {
            for lower in part.to_lowercase() {
                words.push(lower);
            }
        }
    }
}

fn is_control(c: char) -> bool {
    use GeneralCategory::{Control, Format, PrivateUse, Surrogate, Unassigned};
    matches!(get_general_category(c), Control | Format | PrivateUse | Surrogate | Unassigned)
}

fn is_punctuation(c: char) -> bool {
    use GeneralCategory::{
        ClosePunctuation, ConnectorPunctuation, DashPunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation,
        OtherPunctuation,
    };
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    matches!(
        get_general_category(c),
        ClosePunctuation
            | ConnectorPunctuation
            | DashPunctuation
            | FinalPunctuation
            | InitialPunctuation
            | OpenPunctuation
            | OtherPunctuation
    )
}

fn is_cjk(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x20000..=0x2a6df
            | 0x2a700..=0x2b73f
            | 0x2b740..=0x2b81f
            | 0x2b920..=0x2ceaf
            | 0xf900..=0xfaff
            | 0x2f800..=0x2fa1f
    )
}
