//! Texts that a regular expression needs: what lets an index pass over a pattern.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Most alternatives that are followed; beyond it, a part of the pattern counts as unknown.
const MAX_ALTERNATIVES: usize = 32;

/// Texts of which one must occur.
pub(crate) type AnyOf = Vec<String>;

/// What is known of the texts that a part of a pattern matches, ASCII letters in lower case.
#[derive(Default)]
struct Known {
    /// All of them, if they are few.
    exact: Option<AnyOf>,
    /// Each contains one of each of these.
    required: Vec<AnyOf>,
}

impl Known {
    fn exactly(texts: AnyOf) -> Self {
        Self { exact: Some(texts), required: Vec::new() }
    }

    /// Everything that is required, the whole included.
    fn all(self) -> Vec<AnyOf> {
        let mut all = self.required;
        all.extend(self.exact.filter(|texts| usable(texts)));
        all
    }
}

/// Every text that the pattern matches contains one of each of these, when ASCII case is ignored.
pub(crate) fn required(pattern: &str) -> Vec<AnyOf> {
    let Ok(hir) = regex_syntax::parse(pattern) else { return Vec::new() };
    let mut all = known(&hir).all();
    for texts in &mut all {
        texts.sort_unstable();
        texts.dedup();
    }
    all
}

fn known(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Known::exactly(vec![text.to_ascii_lowercase()]),
            Err(_) => Known::default(),
        },
        HirKind::Class(class) => letters(class).map_or_else(Known::default, Known::exactly),
        HirKind::Repetition(repetition) => {
            let inner = known(&repetition.sub);
            match (repetition.min, repetition.max) {
                (1, Some(1)) => inner,
                (0, Some(1)) => match inner.exact {
                    Some(mut texts) => {
                        texts.push(String::new());
                        Known::exactly(texts)
                    }
                    None => Known::default(),
                },
                (0, _) => Known::default(),
                _ => Known { exact: None, required: inner.all() },
            }
        }
        HirKind::Capture(capture) => known(&capture.sub),
        HirKind::Concat(parts) => sequence(parts),
        HirKind::Alternation(parts) => alternatives(parts),
    }
}

/// A run of exact parts is glued together; where it breaks, the run so far is one of the things required.
fn sequence(parts: &[Hir]) -> Known {
    let mut run = vec![String::new()];
    let mut required = Vec::new();
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
                required.extend(Some(ended).filter(|texts| usable(texts)));
                required.extend(Known { exact, required: inner.required }.all());
            }
        }
    }
    if !broken {
        return Known::exactly(run);
    }
    required.extend(Some(run).filter(|texts| usable(texts)));
    Known { exact: None, required }
}

fn alternatives(parts: &[Hir]) -> Known {
    let known: Vec<Known> = parts.iter().map(known).collect();
    let exact: Option<Vec<&AnyOf>> = known.iter().map(|part| part.exact.as_ref()).collect();
    if let Some(exact) = exact
        && exact.iter().map(|texts| texts.len()).sum::<usize>() <= MAX_ALTERNATIVES
    {
        return Known::exactly(exact.into_iter().flatten().cloned().collect());
    }
    let best: Option<Vec<AnyOf>> = known.into_iter().map(|part| part.all().into_iter().max_by_key(rank)).collect();
    Known { exact: None, required: best.map(|all| all.into_iter().flatten().collect()).into_iter().collect() }
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

/// The higher, the fewer texts contain one of them.
fn rank(texts: &AnyOf) -> (usize, usize) {
    (texts.iter().map(String::len).min().unwrap_or(0).min(8), usize::MAX - texts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_tell_what_they_need() {
        for (pattern, wanted) in [
            ("refund", "refund"),
            ("(?i)ReFund", "refund"),
            ("^Re: .*invoice", "re:  & invoice"),
            (r"(?i)order\s+#?\d+", "order"),
            ("cat|dog", "cat|dog"),
            ("(cat.*|.+dog)s", "cat|dog & s"),
            ("colou?r", "color|colour"),
            ("(?i)ask", "a\u{17f}k|a\u{17f}\u{212a}|ask|as\u{212a}"),
            ("(?i)ä", "Ä|ä"),
            ("(abc)+", "abc"),
            ("(abc)*", ""),
            (r"\d+", ""),
            ("a|.*", ""),
            ("", ""),
        ] {
            let found: Vec<String> = required(pattern)
                .into_iter()
                .map(|mut texts| {
                    texts.sort_unstable();
                    texts.join("|")
                })
                .collect();
            let wanted = wanted.split(" & ").map(|texts| {
                let mut texts: Vec<&str> = texts.split('|').collect();
                texts.sort_unstable();
                texts.join("|")
            });
            let wanted: Vec<String> = wanted.filter(|texts| !texts.is_empty()).collect();
            assert_eq!(found, wanted, "{pattern}");
        }
    }
}
