//! Paths such as `$.issue.labels[0].name` and `$["odd name"]`.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// Most steps of a path.
const MAX_STEPS: usize = 16;
/// Longest path, in bytes.
const MAX_LENGTH: usize = 256;

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// One place in a JSON value.
#[derive(Clone, Debug)]
pub(crate) struct Place(Vec<Step>);

impl Place {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse(text).map(Self)
    }

    /// The part of a JSON text that is there, as it was written.
    pub(crate) fn cut<'t>(&self, text: &'t RawValue) -> Option<&'t RawValue> {
        self.0.iter().try_fold(text, |text, step| match step {
            Step::Key(key) => {
                let mut entries: HashMap<String, &'t RawValue> = serde_json::from_str(text.get()).ok()?;
                entries.remove(key)
            }
            Step::Index(index) => {
                let items: Vec<&'t RawValue> = serde_json::from_str(text.get()).ok()?;
                items.get(*index).copied()
            }
        })
    }
}

/// Reads a path; the message says what is wrong.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("must be at most {MAX_LENGTH} bytes long"));
    }
    let mut rest = text.strip_prefix('$').ok_or("must begin with $")?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = step(rest)?;
        steps.push(step);
        rest = after;
    }
    if steps.len() > MAX_STEPS {
        return Err(format!("must have at most {MAX_STEPS} steps"));
    }
    Ok(steps)
}

fn step(text: &str) -> Result<(Step, &str), String> {
    if let Some(rest) = text.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        return if end == 0 {
            Err("has an empty name; write [\"…\"] for odd names".into())
        } else {
            Ok((Step::Key(rest[..end].to_owned()), &rest[end..]))
        };
    }
    let rest = text.strip_prefix('[').ok_or("must go on with .name, [\"name\"] or [0]")?;
    if let Some(quoted) = rest.strip_prefix('"') {
        let (name, after) = quoted.split_once("\"]").ok_or("has a [\" without its \"]")?;
        return Ok((Step::Key(name.to_owned()), after));
    }
    let (index, after) = rest.split_once(']').ok_or("has a [ without its ]")?;
    let index = index.parse().map_err(|_| "has an index that is no number".to_owned())?;
    Ok((Step::Index(index), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_out_as_it_was_written() {
        let text: &RawValue =
            serde_json::from_str(r#"{"b": [1, {"z": 1.10, "a": "\u00e9"}], "n": null}"#).expect("JSON");
        let cut = |path: &str| Place::parse(path).expect("a path").cut(text).map(RawValue::get);
        assert_eq!(cut("$.b[1]"), Some(r#"{"z": 1.10, "a": "\u00e9"}"#));
        assert_eq!((cut("$.b[1].z"), cut("$.n")), (Some("1.10"), Some("null")));
        assert_eq!((cut("$.b[2]"), cut("$.b.z"), cut("$.n.x")), (None, None, None));
    }

    #[test]
    fn paths_are_read() {
        let key = |name: &str| Step::Key(name.into());
        assert_eq!(parse("$"), Ok(vec![]));
        assert_eq!(parse("$.a.b_c"), Ok(vec![key("a"), key("b_c")]));
        assert_eq!(parse("$.a[0][\"x.y\"].z"), Ok(vec![key("a"), Step::Index(0), key("x.y"), key("z")]));
        for bad in ["", "a", "$a", "$.", "$..a", "$[", "$[x]", "$[\"a]", "$.a[-1]"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse(&format!("${}", ".a".repeat(MAX_STEPS + 1))).is_err());
    }
}
