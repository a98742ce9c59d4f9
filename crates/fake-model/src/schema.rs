//! What a strict response format must be: refused when it is not, as the real interface does.

use serde_json::Value;

/// The ids that the schema allows, none when no schema is demanded.
pub(crate) fn offered(format: &Value) -> Result<Option<Vec<String>>, &'static str> {
    match format["type"].as_str() {
        None if format.is_null() => Ok(None),
        Some("text" | "json_object") => Ok(None),
        Some("json_schema") => strict(&format["json_schema"]).map(Some),
        _ => Err("response_format.type must be text, json_object or json_schema"),
    }
}

fn strict(schema: &Value) -> Result<Vec<String>, &'static str> {
    let name = schema["name"].as_str().ok_or("json_schema.name is missing")?;
    if name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Err("json_schema.name must match [a-zA-Z0-9_-]{1,64}");
    }
    if schema["strict"] != Value::Bool(true) {
        return Err("json_schema.strict must be true here");
    }
    let object = &schema["schema"];
    if object["type"] != "object" || object["additionalProperties"] != Value::Bool(false) {
        return Err("a strict schema is an object with additionalProperties false");
    }
    let properties = object["properties"].as_object().ok_or("properties are missing")?;
    let required: Vec<&str> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if required.len() != properties.len() || !properties.keys().all(|name| required.contains(&name.as_str())) {
        return Err("in a strict schema every property is required");
    }
    let label = properties.get("label").ok_or("this provider knows the property label only")?;
    let ids: Vec<&str> = label["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if label["type"] != "string" || ids.is_empty() || distinct.len() != ids.len() || ids.len() > 1_000 {
        return Err("enum must be 1 to 1000 different strings");
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::offered;

    fn format(change: impl FnOnce(&mut Value)) -> Value {
        let mut schema = json!({ "name": "label", "strict": true, "schema": {
            "type": "object", "properties": { "label": { "type": "string", "enum": ["L01", "L00"] } },
            "required": ["label"], "additionalProperties": false,
        } });
        change(&mut schema);
        json!({ "type": "json_schema", "json_schema": schema })
    }

    #[test]
    fn only_a_strict_schema_is_taken() {
        assert_eq!(offered(&format(|_| {})), Ok(Some(vec!["L01".into(), "L00".into()])));
        assert_eq!(offered(&Value::Null), Ok(None));
        let wrong: [fn(&mut Value); 8] = [
            |schema| schema["name"] = "no blanks".into(),
            |schema| schema["strict"] = false.into(),
            |schema| schema["schema"]["additionalProperties"] = Value::Null,
            |schema| schema["schema"]["required"] = json!([]),
            |schema| schema["schema"]["type"] = "array".into(),
            |schema| schema["schema"]["properties"]["other"] = json!({ "type": "string" }),
            |schema| schema["schema"]["properties"]["label"]["enum"] = json!(["L01", "L01"]),
            |schema| schema["schema"]["properties"]["label"]["enum"] = json!([]),
        ];
        for change in wrong {
            assert!(offered(&format(change)).is_err(), "{}", format(change));
        }
        assert!(offered(&json!({ "type": "xml" })).is_err());
    }
}
