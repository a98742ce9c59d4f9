//! What a password must not be: too short, one of the commonest, a pattern of the keyboard, or the person's own name.
//!
//! Nothing is asked for digits or signs: length and surprise are what counts (NIST SP 800-63B).

use common::Violation;
use common::violation::check_text;

/// Shortest password, in characters.
const MIN: usize = 8;
/// Longest password, in characters.
const MAX: usize = 256;
/// Shortest number that is not taken for a date or a telephone.
const MIN_NUMBER: usize = 12;
/// Longest piece whose mere repetition is a pattern.
const MAX_PIECE: usize = 4;

/// Words that head every published list of leaked passwords, in lower case and without the digits around them.
const WORDS: &str = include_str!("common_passwords.txt");
/// What fingers walk along.
const WALKS: [&str; 13] = [
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "!@#$%^&*()_+",
    "zaq1xsw2cde3vfr4",
    "a1b2c3d4e5f6g7h8i9",
    "aabbccddeeffgghhiijj",
];

/// Checks a password of somebody with this address and these names.
pub(crate) fn check(found: &mut Vec<Violation>, path: &str, password: &str, personal: &[&str]) {
    let before = found.len();
    check_text(found, path, password, MIN, MAX);
    if found.len() > before {
        return;
    }
    if is_common(password) {
        let message = "is one of the commonest passwords or a plain pattern; take several words that nobody expects";
        found.push(Violation::new(path, "common_password", message));
    } else if is_personal(password, personal) {
        let message = "must not be made of your name, your address or your tenant's name";
        found.push(Violation::new(path, "personal_password", message));
    }
}

fn is_common(password: &str) -> bool {
    let lower = password.trim().to_lowercase();
    let is_number = lower.chars().all(|c| c.is_ascii_digit());
    let core = core_of(&lower);
    (is_number && lower.len() < MIN_NUMBER)
        || is_repetition(&lower)
        || is_walk(&lower)
        || (core.chars().count() >= 3 && (is_word(core) || is_walk(core) || is_repetition(core)))
}

/// The middle, without digits and signs at both ends.
fn core_of(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphabetic() && !matches!(c, '@' | '$')).trim_matches(['@', '$'])
}

/// Whether it is a listed word, twice the same, or one whose letters were replaced by signs that look like them.
fn is_word(text: &str) -> bool {
    let listed = |text: &str| WORDS.lines().any(|word| word == text);
    let spelt = |i: char| -> String {
        let plain = |c: char| match c {
            '@' | '4' => 'a',
            '0' => 'o',
            '1' | '!' => i,
            '3' => 'e',
            '5' | '$' => 's',
            '7' => 't',
            c => c,
        };
        text.chars().map(plain).filter(|c| !matches!(c, ' ' | '-' | '_' | '.')).collect()
    };
    let half = text.len() / 2;
    let twice = text.get(..half).filter(|first| text.get(half..) == Some(first));
    [text.to_owned(), spelt('i'), spelt('l')].iter().any(|text| listed(text)) || twice.is_some_and(listed)
}

fn is_walk(text: &str) -> bool {
    let backwards: String = text.chars().rev().collect();
    text.chars().count() >= 4 && WALKS.iter().any(|walk| walk.contains(text) || walk.contains(&backwards))
}

fn is_repetition(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (1..=MAX_PIECE).any(|piece| {
        letters.len() >= 2 * piece && letters.iter().enumerate().all(|(at, letter)| letters[at % piece] == *letter)
    })
}

fn is_personal(password: &str, personal: &[&str]) -> bool {
    let plain = |text: &str| text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let whole = plain(password);
    let core = plain(core_of(&password.to_lowercase()));
    personal
        .iter()
        .flat_map(|text| [*text, text.split('@').next().unwrap_or_default()].into_iter().chain(text.split_whitespace()))
        .map(plain)
        .filter(|own| own.chars().count() >= 3)
        .any(|own| own == whole || own == core || own.repeat(2) == whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(password: &str) -> Vec<String> {
        let mut found = Vec::new();
        check(&mut found, "password", password, &["ann.lee@example.com", "Ann Lee-Smith", "Acme Corporation"]);
        found.into_iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn the_commonest_are_refused() {
        for bad in [
            "12345678",
            "123456789",
            "1234567890",
            "87654321",
            "11111111",
            "00000000",
            "12341234",
            "123123123",
            "password",
            "Password",
            "PASSWORD1",
            "password123",
            "Password123!",
            "P@ssw0rd",
            "p@ssw0rd2024",
            "passw0rd",
            "pa$$word",
            "qwertyui",
            "qwerty123",
            "qwertyuiop",
            "1qaz2wsx",
            "1q2w3e4r",
            "q1w2e3r4",
            "asdfghjkl",
            "zxcvbnm1",
            "qwer1234",
            "1234qwer",
            "iloveyou",
            "iloveyou1",
            "sunshine",
            "princess",
            "football",
            "baseball",
            "superman",
            "batman123",
            "trustno1",
            "letmein1",
            "welcome1",
            "Welcome123",
            "monkey123",
            "dragon123",
            "master123",
            "michael1",
            "jennifer",
            "computer",
            "starwars",
            "whatever",
            "admin123",
            "administrator",
            "changeme",
            "changeme123",
            "default1",
            "secret123",
            "abcd1234",
            "abc12345",
            "a1b2c3d4",
            "abcdefgh",
            "aaaaaaaa",
            "abcabcabc",
            "passwordpassword",
            "19841225",
            "20240101",
            "summer2024",
            "winter2023!",
            "hello123",
            "liverpool",
            "chelsea1",
            "pokemon1",
            "internet",
            "samantha",
            "charlie1",
            "shadow12",
            "test1234",
            "testtest",
            "guest123",
            "root1234",
            "azertyuiop",
            "qwertzuiop",
            "zaq1xsw2",
            "!@#$%^&*",
        ] {
            assert_eq!(rules(bad), ["common_password"], "{bad:?}");
        }
    }

    #[test]
    fn the_persons_own_names_are_refused() {
        for bad in ["ann.lee@example.com", "Ann.Lee1", "annlee2024!", "acmecorporation", "Corporation1", "Lee-Smith99"]
        {
            assert_eq!(rules(bad), ["personal_password"], "{bad:?}");
        }
    }

    #[test]
    fn surprising_ones_are_taken() {
        for good in [
            "correct horse battery",
            "correct horse battery staple",
            "a long enough passphrase",
            "kY7#pq!2zR",
            "tulip-anvil-9",
            "мой дядя самых",
            "918273645546372819",
            "ann likes rivers",
        ] {
            assert_eq!(rules(good), [""; 0], "{good:?}");
        }
        assert_eq!(rules("short 1"), ["min_length"]);
        assert_eq!(rules(&"x".repeat(257)), ["max_length"]);
    }

    #[test]
    fn the_list_is_in_the_form_that_is_looked_for() {
        for word in WORDS.lines() {
            assert!(word.chars().all(|c| c.is_ascii_lowercase()) && word.len() >= 3, "{word:?}");
        }
        assert!(WORDS.lines().count() >= 400);
    }
}
