//! Which call answers which error, read from the contract: `proto-docs/errors-by-call.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use common::ErrorCode;
use serde_json::Value;

/// Calls that a code's row names; of a code that more calls answer, the row says how many.
const NAMED: usize = 8;

/// The errors of each call, by method and path, in the order of the catalogue.
#[must_use]
pub fn errors_by_call(document: &Value) -> BTreeMap<String, Vec<ErrorCode>> {
    let mut calls = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let responses = operation["responses"].as_object().into_iter().flatten();
            let answered: Vec<&str> = responses.flat_map(|(_, response)| codes_of(response)).collect();
            let codes = ErrorCode::ALL.iter().copied().filter(|code| answered.contains(&code.as_str()));
            calls.insert(format!("{} {path}", method.to_ascii_uppercase()), codes.collect());
        }
    }
    calls
}

fn codes_of(response: &Value) -> impl Iterator<Item = &str> {
    let codes = response.pointer("/content/application~1json/schema/allOf/1/properties/error/properties/code/enum");
    codes.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The table as Markdown.
#[must_use]
pub fn errors_page(document: &Value) -> String {
    let calls = errors_by_call(document);
    let mut page = String::from(
        "# Which call answers which error\n\nGenerated from the contract, whose answers are tried against it \
         (`make contract`). What each code means is in [errors.md](errors.md).\n\n## By code\n\n\
         | code | status | calls |\n|---|---|---|\n",
    );
    for code in ErrorCode::ALL {
        let those: Vec<&str> =
            calls.iter().filter(|(_, codes)| codes.contains(code)).map(|(call, _)| call.as_str()).collect();
        let told = match code {
            ErrorCode::MethodNotAllowed => "each path, for methods that it has not".to_owned(),
            ErrorCode::Internal => "none by any input; a defect".to_owned(),
            _ if those.is_empty() => "none yet".to_owned(),
            _ if those.len() > NAMED => format!("{} of {} calls", those.len(), calls.len()),
            _ => those.iter().map(|call| format!("`{call}`")).collect::<Vec<_>>().join(", "),
        };
        let _ = writeln!(page, "| `{}` | {} | {told} |", code.as_str(), code.status());
    }
    page.push_str("\n## By call\n\n| call | errors |\n|---|---|\n");
    for (call, codes) in &calls {
        let codes: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
        let _ = writeln!(page, "| `{call}` | {} |", codes.join(", "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::super::answers::codes_in;
    use super::*;
    use crate::openapi::document;

    fn contract() -> Value {
        document("http://127.0.0.1:8080")
    }

    #[test]
    fn the_committed_table_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/errors-by-call.md");
        let current = errors_page(&contract());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &current).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/errors-by-call.md exists");
        assert_eq!(written, current, "run `make docs` to generate proto-docs/errors-by-call.md anew");
    }

    #[test]
    fn every_code_is_answered_by_some_call() {
        let calls = errors_by_call(&contract());
        for code in ErrorCode::ALL {
            // Of paths and not of calls, and of none.
            if matches!(code, ErrorCode::MethodNotAllowed | ErrorCode::Internal) {
                continue;
            }
            let is_answered = calls.values().any(|codes| codes.contains(code));
            assert!(is_answered, "{}: no call answers it", code.as_str());
        }
    }

    #[test]
    fn an_error_with_codes_of_its_own_names_which() {
        // The status alone does not tell these apart.
        const AMBIGUOUS: [&str; 3] = ["409", "410", "402"];
        for (path, item) in contract()["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("a path item") {
                for (status, response) in operation["responses"].as_object().expect("responses") {
                    let described = response["description"].as_str();
                    let described = described.unwrap_or_else(|| panic!("{method} {path} {status}: {response}"));
                    let number: u16 = status.parse().expect("a status");
                    let named = codes_in(described, number);
                    let needs = AMBIGUOUS.contains(&status.as_str());
                    assert!(!needs || !named.is_empty(), "{method} {path} {status}: which code? {described:?}");
                    for word in described.split('`').skip(1).step_by(2) {
                        if let Some(code) = ErrorCode::parse(word) {
                            assert_eq!(code.status(), number, "{method} {path} {status} names `{word}`");
                        }
                    }
                }
            }
        }
    }
}
