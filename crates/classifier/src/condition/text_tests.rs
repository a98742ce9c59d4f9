//! Predicates on texts, specialised so that the common ones neither copy nor allocate.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::code::{Eval, TextCode};
use super::pattern_cost::{MAX_EXPANDED, expanded};

/// Largest compiled pattern, in bytes.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// A predicate on the bytes of a text.
type BytesTest = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A predicate on a text and a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

impl TextTest {
    fn run(self, text: &str, part: &str) -> bool {
        match self {
            Self::Contains => text.contains(part),
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
        }
    }
}

/// Why a pattern was refused.
#[derive(Debug)]
pub(crate) struct BadPattern {
    pub(crate) too_big: bool,
    pub(crate) message: String,
}

/// Compiles the predicate.
pub(crate) fn compile(test: TextTest, text: TextCode, part: TextCode) -> Eval<bool> {
    match (text, part) {
        (TextCode::Field(field), TextCode::Literal(part)) => match test {
            TextTest::Contains => Arc::new(move |view| Ok(field.of(view).contains(&*part))),
            TextTest::StartsWith => Arc::new(move |view| Ok(field.of(view).starts_with(&*part))),
            TextTest::EndsWith => Arc::new(move |view| Ok(field.of(view).ends_with(&*part))),
        },
        (TextCode::Lower(text), TextCode::Literal(part)) => {
            let possible = !part.bytes().any(|byte| byte.is_ascii_uppercase());
            ignoring_case(test, text, &part, possible)
        }
        (TextCode::Upper(text), TextCode::Literal(part)) => {
            let possible = !part.bytes().any(|byte| byte.is_ascii_lowercase());
            ignoring_case(test, text, &part, possible)
        }
        (text, part) => Arc::new(move |view| Ok(test.run(&text.eval(view)?, &part.eval(view)?))),
    }
}

/// `text.lowerAscii().contains("…")` and the like, without making the lower-case copy. A part in the other case
/// (`possible` is false) is never found.
fn ignoring_case(test: TextTest, text: Arc<TextCode>, part: &str, possible: bool) -> Eval<bool> {
    let part: Box<[u8]> = part.as_bytes().into();
    let compare: BytesTest = match test {
        _ if !possible => Box::new(|_| false),
        TextTest::StartsWith => {
            Box::new(move |text| text.get(..part.len()).is_some_and(|t| t.eq_ignore_ascii_case(&part)))
        }
        TextTest::EndsWith => Box::new(move |text| {
            let head = text.len().checked_sub(part.len());
            head.is_some_and(|head| text[head..].eq_ignore_ascii_case(&part))
        }),
        TextTest::Contains => searcher(&part),
    };
    Arc::new(move |view| Ok(compare(text.eval(view)?.as_bytes())))
}

/// A search in linear time, whatever the text: that is what the regex crate is for here.
fn searcher(part: &[u8]) -> BytesTest {
    let escaped = regex::escape(&String::from_utf8_lossy(part));
    let regex = regex::bytes::RegexBuilder::new(&escaped).case_insensitive(true).unicode(false).build();
    let part = part.to_ascii_lowercase();
    match regex {
        Ok(regex) => Box::new(move |text| regex.is_match(text)),
        Err(_) => Box::new(move |text| {
            let text = text.to_ascii_lowercase();
            part.is_empty() || text.windows(part.len()).any(|window| window == part)
        }),
    }
}

/// Compiles a regular expression, once and for all records. `repeated_atoms` is what the condition's patterns have so
/// far, and then with this one.
pub(crate) fn pattern(text: TextCode, source: &str, repeated_atoms: &mut usize) -> Result<Eval<bool>, BadPattern> {
    *repeated_atoms = repeated_atoms.saturating_add(expanded(source).unwrap_or(0));
    if *repeated_atoms > MAX_EXPANDED {
        let message = format!("the condition's repetitions amount to more than {MAX_EXPANDED} characters");
        return Err(BadPattern { too_big: true, message });
    }
    let regex: Regex =
        RegexBuilder::new(source).size_limit(MAX_PATTERN_SIZE).build().map_err(|error| explain(&error))?;
    Ok(match text {
        TextCode::Field(field) => Arc::new(move |view| Ok(regex.is_match(field.of(view)))),
        text => Arc::new(move |view| Ok(regex.is_match(&text.eval(view)?))),
    })
}

fn explain(error: &regex::Error) -> BadPattern {
    match error {
        regex::Error::CompiledTooBig(_) => {
            BadPattern { too_big: true, message: "the pattern is too large when compiled".into() }
        }
        // The regex crate draws the pattern over several lines; its last line says what is wrong.
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            BadPattern { too_big: false, message: format!("the pattern is not valid: {reason}") }
        }
    }
}
