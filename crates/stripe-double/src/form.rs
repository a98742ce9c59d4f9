//! Form-encoded parameters with brackets, as the SDKs write them, as one JSON value.

use serde_json::{Map, Value};

/// Reads `a=1&b[c]=2&d[0][e]=3&f[]=4`. Every leaf is a string.
pub(crate) fn parse(text: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
        put(&mut root, &segments(&key), value.into_owned());
    }
    arrays(root)
}

fn segments(key: &str) -> Vec<&str> {
    let (first, rest) = key.split_once('[').map_or((key, ""), |(first, rest)| (first, rest));
    let inner = rest.split('[').filter(|_| !rest.is_empty()).map(|part| part.trim_end_matches(']'));
    std::iter::once(first).chain(inner).collect()
}

fn put(target: &mut Value, path: &[&str], leaf: String) {
    let Some((first, rest)) = path.split_first() else {
        *target = Value::String(leaf);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    let key = if first.is_empty() { map.len().to_string() } else { (*first).to_owned() };
    put(map.entry(key).or_insert(Value::Null), rest, leaf);
}

/// Turns objects whose keys are all numbers into arrays in that order.
fn arrays(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let is_list = !map.is_empty() && map.keys().all(|key| key.parse::<usize>().is_ok());
    let mut entries: Vec<(String, Value)> = map.into_iter().map(|(key, value)| (key, arrays(value))).collect();
    if !is_list {
        return Value::Object(entries.into_iter().collect());
    }
    entries.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or(usize::MAX));
    Value::Array(entries.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_become_objects_and_lists() {
        let cases = [
            ("", json!({})),
            ("a=1&b=x+y", json!({"a": "1", "b": "x y"})),
            ("metadata[k]=v&metadata[l]=w", json!({"metadata": {"k": "v", "l": "w"}})),
            (
                "items[0][price]=p&items[0][quantity]=2&items[1][price]=q",
                json!({"items": [
                {"price": "p", "quantity": "2"}, {"price": "q"}]}),
            ),
            ("expand[]=a&expand[]=b", json!({"expand": ["a", "b"]})),
            ("created%5Bgte%5D=5", json!({"created": {"gte": "5"}})),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
