//! JSON text without the white space between its tokens; numbers and strings stay as they were written.

/// The same JSON in one line. The text must be valid JSON.
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for char in json.chars() {
        if in_string {
            out.push(char);
            in_string = escaped || char != '"';
            escaped = !escaped && char == '\\';
        } else if !matches!(char, ' ' | '\n' | '\r' | '\t') {
            in_string = char == '"';
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let json = "{ \"a b\" :\t[ 1.50 , \"x \\\" y\\\\\" ],\n \"ü\" : 1e3 }";
        assert_eq!(compact(json), "{\"a b\":[1.50,\"x \\\" y\\\\\"],\"ü\":1e3}");
    }
}
