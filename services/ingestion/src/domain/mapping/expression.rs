//! One way to a value: a path, a header, a constant or a template.

use serde_json::Value;

use super::extract::Paths;

/// Longest template, in bytes.
const MAX_TEMPLATE: usize = 512;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// The value that the tree put into this slot.
    Slot(usize),
    /// A header of the delivery.
    Header(String),
    Constant(Value),
    Template(Vec<Part>),
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    Slot(usize),
    Header(String),
}

impl Expression {
    /// Reads an expression and notes its paths; the message says what is wrong.
    pub(super) fn parse(value: &Value, paths: &mut Paths) -> Result<Self, String> {
        match value {
            Value::String(path) => paths.slot(path).map(Self::Slot),
            Value::Object(object) if object.len() == 1 => {
                match (object.get("const"), object.get("header"), object.get("template")) {
                    (Some(constant), None, None) if !constant.is_object() && !constant.is_array() => {
                        Ok(Self::Constant(constant.clone()))
                    }
                    (None, Some(Value::String(name)), None) => header(name).map(Self::Header),
                    (None, None, Some(Value::String(text))) => template(text, paths).map(Self::Template),
                    _ => Err(EXPECTED.into()),
                }
            }
            _ => Err(EXPECTED.into()),
        }
    }
}

const EXPECTED: &str = "must be a path such as \"$.a.b\", {\"const\": …}, {\"header\": \"name\"}, {\"template\": \"…\"}, or a list of those";

fn header(name: &str) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_token) {
        return Err("must be the name of a header".into());
    }
    Ok(name.to_ascii_lowercase())
}

/// Reads `text with {$.paths} and {header:names}`.
fn template(text: &str, paths: &mut Paths) -> Result<Vec<Part>, String> {
    if text.len() > MAX_TEMPLATE {
        return Err(format!("must be at most {MAX_TEMPLATE} bytes long"));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, hole)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let (inside, after) = hole.split_once('}').ok_or("has a { without its }")?;
        parts.push(match inside.strip_prefix("header:") {
            Some(name) => Part::Header(header(name)?),
            None => Part::Slot(paths.slot(inside)?),
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}
