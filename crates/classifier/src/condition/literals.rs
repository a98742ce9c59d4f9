//! Texts of which a regular expression needs at least one: what lets an index pass over a pattern.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Most alternatives that are followed; beyond it, a part of the pattern counts as unknown.
const MAX_ALTERNATIVES: usize = 32;

/// What is known of the texts that a part of a pattern matches, ASCII letters in lower case.
struct Known {
    /// All of them, if they are few.
    exact: Option<Vec<String>>,
    /// Each contains one of these.
    required: Option<Vec<String>>,
}

impl Known {
    const NOTHING: Self = Self { exact: None, required: None };

    fn exactly(texts: Vec<String>) -> Self {
        Self { exact: Some(texts), required: None }
    }

    fn best(self) -> Option<Vec<String>> {
        better(self.exact.filter(|texts| usable(texts)), self.required)
    }
}

/// Every text that the pattern matches contains one of these, when ASCII case is ignored. `None` when nothing is known.
pub(crate) fn required(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut texts = known(&hir).best()?;
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

fn known(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Known::exactly(vec![text.to_ascii_lowercase()]),
            Err(_) => Known::NOTHING,
        },
        HirKind::Class(class) => letters(class).map_or(Known::NOTHING, Known::exactly),
        HirKind::Repetition(repetition) => {
            let inner = known(&repetition.sub);
            match (repetition.min, repetition.max) {
                (1, Some(1)) => inner,
                (0, Some(1)) => match inner.exact {
                    Some(mut texts) => {
                        texts.push(String::new());
                        Known::exactly(texts)
                    }
                    None => Known::NOTHING,
                },
                (0, _) => Known::NOTHING,
                _ => Known { exact: None, required: inner.best() },
            }
        }
        HirKind::Capture(capture) => known(&capture.sub),
        HirKind::Concat(parts) => sequence(parts),
        HirKind::Alternation(parts) => alternatives(parts),
    }
}

/// A run of exact parts is glued together; where it breaks, the best run so far is what is required.
fn sequence(parts: &[Hir]) -> Known {
    let mut run = vec![String::new()];
    let mut required = None;
    let mut broken = false;
    for part in parts {
        let inner = known(part);
        match inner.exact {
            Some(texts) if run.len() * texts.len() <= MAX_ALTERNATIVES => {
                run = run.iter().flat_map(|head| texts.iter().map(move |tail| format!("{head}{tail}"))).collect();
            }
            exact => {
                broken = true;
                let ended = std::mem::replace(&mut run, vec![String::new()]);
                required = better(required, Some(ended).filter(|texts| usable(texts)));
                required = better(required, Known { exact, required: inner.required }.best());
            }
        }
    }
    if !broken {
        return Known::exactly(run);
    }
    Known { exact: None, required: better(required, Some(run).filter(|texts| usable(texts))) }
}

fn alternatives(parts: &[Hir]) -> Known {
    let known: Vec<Known> = parts.iter().map(known).collect();
    let exact: Option<Vec<&Vec<String>>> = known.iter().map(|part| part.exact.as_ref()).collect();
    if let Some(exact) = exact
        && exact.iter().map(|texts| texts.len()).sum::<usize>() <= MAX_ALTERNATIVES
    {
        return Known::exactly(exact.into_iter().flatten().cloned().collect());
    }
    let all: Option<Vec<Vec<String>>> = known.into_iter().map(Known::best).collect();
    let required = all.map(Vec::into_iter).map(|all| all.flatten().collect());
    Known { exact: None, required }
}

/// The characters of a small class, ASCII letters in lower case.
fn letters(class: &Class) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |character: char| {
        let text = character.to_ascii_lowercase().to_string();
        if !found.contains(&text) {
            found.push(text);
        }
        found.len() <= MAX_ALTERNATIVES / 2
    };
    let is_small = match class {
        Class::Unicode(class) => class.iter().flat_map(|range| range.start()..=range.end()).all(&mut add),
        Class::Bytes(class) => {
            class.is_ascii() && class.iter().flat_map(|range| range.start()..=range.end()).all(|b| add(char::from(b)))
        }
    };
    is_small.then_some(found)
}

/// An empty text is in every text, so it says nothing.
fn usable(texts: &[String]) -> bool {
    texts.iter().all(|text| !text.is_empty())
}

/// The set that fewer texts contain: longer ones, then fewer of them.
fn better(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    let rank = |texts: &Vec<String>| {
        let shortest = texts.iter().map(String::len).min().unwrap_or(0).min(8);
        (shortest, usize::MAX - texts.len())
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(if rank(&one) >= rank(&other) { one } else { other }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_tell_what_they_need() {
        for (pattern, wanted) in [
            ("refund", Some(vec!["refund"])),
            ("(?i)ReFund", Some(vec!["refund"])),
            ("^Re: .*invoice", Some(vec!["invoice"])),
            (r"order\s+#\d+", Some(vec!["order"])),
            ("cat|dog", Some(vec!["cat", "dog"])),
            ("colou?r", Some(vec!["color", "colour"])),
            ("(?i)ask", Some(vec!["ask", "as\u{212a}", "a\u{17f}k", "a\u{17f}\u{212a}"])),
            ("(?i)ä", Some(vec!["Ä", "ä"])),
            ("(abc)+", Some(vec!["abc"])),
            ("(abc)*", None),
            (r"\d+", None),
            ("a|.*", None),
            ("", None),
        ] {
            let mut wanted = wanted.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            if let Some(texts) = &mut wanted {
                texts.sort_unstable();
            }
            assert_eq!(required(pattern), wanted, "{pattern}");
        }
    }
}
