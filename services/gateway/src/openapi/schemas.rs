//! Putting several documents' schemas under one roof: two of one name and one shape are one, two shapes get two
//! names.

use serde_json::{Map, Value};

const PREFIX: &str = "#/components/schemas/";

/// Adds a service's schemas to `all` and points the references of its document at the names that they got.
pub(crate) fn adopt(all: &mut Map<String, Value>, service: &str, document: &mut Value) {
    let own = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut).map(std::mem::take);
    let mut own = own.unwrap_or_default();
    let clashing = clashing(all, &own);
    let rename = |name: &str| {
        if clashing.iter().any(|clash| clash == name) {
            format!("{}{name}", capitalised(service))
        } else {
            name.to_owned()
        }
    };
    for schema in own.values_mut() {
        retarget(schema, &rename);
    }
    retarget(document, &rename);
    for (name, schema) in own {
        all.insert(rename(&name), schema);
    }
}

/// Names that mean something else already, and the names whose schemas refer to them.
fn clashing(all: &Map<String, Value>, own: &Map<String, Value>) -> Vec<String> {
    let differs = |(name, schema): (&String, &Value)| all.get(name).is_some_and(|known| known != schema);
    let mut names: Vec<String> =
        own.iter().filter(|(name, schema)| differs((name, schema))).map(|(name, _)| name.clone()).collect();
    loop {
        let known = names.len();
        for (name, schema) in own {
            let refers = names.iter().any(|clash| refers_to(schema, clash));
            if all.contains_key(name) && refers && !names.contains(name) {
                names.push(name.clone());
            }
        }
        if names.len() == known {
            return names;
        }
    }
}

fn refers_to(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| {
            (key == "$ref" && value.as_str().and_then(|target| target.strip_prefix(PREFIX)) == Some(name))
                || refers_to(value, name)
        }),
        Value::Array(items) => items.iter().any(|item| refers_to(item, name)),
        _ => false,
    }
}

fn retarget(value: &mut Value, rename: &impl Fn(&str) -> String) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if key == "$ref"
                    && let Some(name) = value.as_str().and_then(|target| target.strip_prefix(PREFIX))
                {
                    *value = format!("{PREFIX}{}", rename(name)).into();
                } else {
                    retarget(value, rename);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| retarget(item, rename)),
        _ => {}
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_shape_is_shared_and_two_shapes_are_told_apart() {
        let reference = |name: &str| json!({"$ref": format!("{PREFIX}{name}")});
        let mut all = Map::new();
        let mut first = json!({"components": {"schemas": {
            "Same": {"type": "string"}, "Inner": {"type": "string"}, "Outer": {"properties": {"i": reference("Inner")}},
        }}});
        adopt(&mut all, "first", &mut first);
        let mut second = json!({"paths": {"/x": reference("Outer"), "/y": reference("Same")}, "components": {"schemas": {
            "Same": {"type": "string"}, "Inner": {"type": "number"}, "Outer": {"properties": {"i": reference("Inner")}},
        }}});
        adopt(&mut all, "second", &mut second);
        let mut names: Vec<_> = all.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["Inner", "Outer", "Same", "SecondInner", "SecondOuter"]);
        assert_eq!(all["SecondOuter"]["properties"]["i"], reference("SecondInner"));
        assert_eq!(second["paths"], json!({"/x": reference("SecondOuter"), "/y": reference("Same")}));
    }
}
