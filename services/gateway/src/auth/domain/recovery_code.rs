//! Recovery codes: what lets a person in who lost their authenticator, each once.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::totp::base32;

/// How many a person gets.
pub(crate) const COUNT: usize = 10;

/// A new code of 80 random bits, such as `ABCD-EFGH-2345-IJKL`. Nobody can guess it, so a plain hash is enough.
pub(crate) fn generate() -> Zeroizing<String> {
    let text = Zeroizing::new(base32(&rand::random::<[u8; 10]>()));
    let groups: Vec<&str> = (0..4).filter_map(|group| text.get(group * 4..group * 4 + 4)).collect();
    Zeroizing::new(groups.join("-"))
}

/// What is stored of a code, however it was typed.
pub(crate) fn hash(code: &str) -> [u8; 32] {
    let typed: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    Sha256::digest(typed.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_may_be_typed_in_any_way() {
        let (one, other) = (generate(), generate());
        assert_eq!(one.len(), 19);
        assert_ne!(*one, *other);
        assert_eq!(hash(&one), hash(&format!(" {} ", one.to_lowercase().replace('-', " "))));
        assert_ne!(hash(&one), hash(&other));
    }
}
