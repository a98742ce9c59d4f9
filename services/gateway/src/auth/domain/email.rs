//! E-mail addresses, in the one form that makes two spellings of an account the same account.

use common::Violation;
use unicode_normalization::UnicodeNormalization as _;

/// Longest address, in bytes (RFC 5321).
const MAX: usize = 254;

/// A trimmed, lower-case, NFC address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// Normalises an address, if it looks like one. Only a message to it could prove more.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Lower case first: it can undo a composition, never the reverse.
        let email: String = text.trim().to_lowercase().nfc().collect();
        let (name, domain) = email.rsplit_once('@')?;
        let sound = email.len() <= MAX
            && !name.is_empty()
            && !name.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
            && !email.chars().any(|c| c.is_whitespace() || c.is_control());
        sound.then_some(Self(email))
    }

    /// The normalised text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks a field.
    pub(crate) fn check(found: &mut Vec<Violation>, path: &str, text: &str) {
        if Self::parse(text).is_none() {
            found.push(Violation::new(path, "email", format!("must be an e-mail address of at most {MAX} bytes")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_has_one_spelling() {
        let normal = |text: &str| Email::parse(text).map(|email| email.as_str().to_owned());
        assert_eq!(normal(" Ann@Example.COM ").as_deref(), Some("ann@example.com"));
        assert_eq!(normal("zoe\u{308}@example.com"), normal("ZO\u{cb}@example.com"), "NFC");
        for bad in ["", "ann", "@example.com", "ann@", "a@b@c", "ann@exam ple.com", "ann@.com", "a\0@example.com"] {
            assert_eq!(normal(bad), None, "{bad:?}");
        }
        assert_eq!(normal(&format!("{}@example.com", "a".repeat(250))), None);
    }
}
