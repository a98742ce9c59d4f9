//! The forms that a body takes when something between sender and receiver writes it anew.

use crate::domain::mapping::compact;

/// Larger bodies are only trimmed: writing them in every form would cost more than it tells.
const MAX_REWRITTEN: usize = 256 << 10;

/// The forms that differ from the body, each with what was done to get it.
pub(super) fn forms(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let trimmed = body.trim_ascii();
    let mut forms = vec![
        ("without white space at its ends", trimmed.to_vec()),
        ("with a line feed at its end", [trimmed, b"\n"].concat()),
        ("with a carriage return and line feed at its end", [trimmed, b"\r\n"].concat()),
    ];
    if let Ok(text) = std::str::from_utf8(body)
        && body.len() <= MAX_REWRITTEN
    {
        let unix = text.replace("\r\n", "\n");
        forms.push(("with CRLF line ends", unix.replace('\n', "\r\n").into_bytes()));
        forms.push(("with LF line ends", unix.into_bytes()));
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            let compacted = compact(text);
            for (how, pretty) in [
                ("as compact JSON", compacted.clone()),
                ("as JSON with a space after commas and colons", spaced(&compacted)),
                ("as JSON indented by two spaces", indented(&compacted, 2)),
                ("as JSON indented by four spaces", indented(&compacted, 4)),
            ] {
                forms.push((how, pretty.clone().into_bytes()));
                forms.push((how, (pretty + "\n").into_bytes()));
            }
        }
    }
    forms.retain(|(_, form)| form != body);
    forms
}

/// Calls `token` for each character outside of strings, and copies what is inside of them.
fn rewrite(compacted: &str, mut token: impl FnMut(&mut String, char, Option<char>)) -> String {
    let mut out = String::with_capacity(compacted.len() * 2);
    let (mut in_string, mut escaped) = (false, false);
    let mut chars = compacted.chars().peekable();
    while let Some(char) = chars.next() {
        if in_string {
            out.push(char);
            in_string = escaped || char != '"';
            escaped = !escaped && char == '\\';
        } else {
            in_string = char == '"';
            token(&mut out, char, chars.peek().copied());
        }
    }
    out
}

fn spaced(compacted: &str) -> String {
    rewrite(compacted, |out, char, _| {
        out.push(char);
        if matches!(char, ',' | ':') {
            out.push(' ');
        }
    })
}

fn indented(compacted: &str, width: usize) -> String {
    let mut depth = 0_usize;
    let mut is_empty = false;
    rewrite(compacted, |out, char, next| match char {
        '{' | '[' => {
            out.push(char);
            is_empty = matches!(next, Some('}' | ']'));
            depth += 1;
            if !is_empty {
                new_line(out, depth * width);
            }
        }
        '}' | ']' => {
            depth = depth.saturating_sub(1);
            if !is_empty {
                new_line(out, depth * width);
            }
            is_empty = false;
            out.push(char);
        }
        ',' => {
            out.push(char);
            new_line(out, depth * width);
        }
        ':' => out.push_str(": "),
        _ => out.push(char),
    })
}

fn new_line(out: &mut String, spaces: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', spaces));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn indented_is_what_serde_json_writes() {
        let value: Value = json!({"a": [1, {"b": "x, {y}: \\\" z"}, [], {}], "c": null, "d": {"e": [[2]]}});
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(indented(&value.to_string(), 2), pretty);
        assert_eq!(spaced(r#"{"a":[1,2],"b:,":"c"}"#), r#"{"a": [1, 2], "b:,": "c"}"#);
    }

    #[test]
    fn the_body_itself_is_no_other_form() {
        assert!(forms(b"{\"a\": 1}").iter().all(|(_, form)| form != b"{\"a\": 1}"));
        assert!(forms(b"\xff\xfe ").iter().any(|(_, form)| form == b"\xff\xfe"));
    }
}
