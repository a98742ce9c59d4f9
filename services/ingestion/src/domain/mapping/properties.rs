//! What holds for every mapping and every body: nothing panics, and what comes out can be stored.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Mapping;
use super::apply::MAX_EXTERNAL_ID;

const FIELDS: [&str; 9] =
    ["externalId", "title", "text", "amount", "currency", "counterparty", "occurredAt", "attributes", "unknown"];

/// Few keys, so that paths and bodies meet.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[a-c]", 1 => ".{0,6}", 1 => ".{120,140}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[0-9]{1,40}(\\.[0-9]{1,40})?".prop_map(Value::from),
        // Longer than any field.
        (1usize..30_000).prop_map(|length| Value::from("é".repeat(length))),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![4 => "\\$(\\.[a-c]|\\[[0-3]\\]){0,5}", 1 => "\\$.{0,12}", 1 => ".{0,12}"]
}

fn way() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => path().prop_map(Value::from),
        1 => "[a-z-]{0,8}".prop_map(|name| json!({ "header": name })),
        1 => any_json().prop_map(|value| json!({ "const": value })),
        2 => (path(), ".{0,8}").prop_map(|(path, around)| json!({ "template": format!("{around}{{{path}}}{around}") })),
        1 => any_json(),
    ]
}

fn field() -> impl Strategy<Value = Value> {
    prop_oneof![way(), prop::collection::vec(way(), 0..4).prop_map(Value::from)]
}

fn mapping() -> impl Strategy<Value = Value> {
    let attributes = prop::collection::vec((prop_oneof![key(), Just("*".to_owned())], field()), 0..5)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()));
    let value = prop_oneof![2 => field(), 1 => attributes];
    let fields = prop::collection::vec((prop::sample::select(FIELDS.as_slice()), value), 0..8);
    prop_oneof![
        9 => fields.prop_map(|entries| {
            Value::Object(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
        }),
        1 => any_json(),
    ]
}

/// A mapping of which every part compiles, so that the body is really read.
fn sound_mapping() -> impl Strategy<Value = Value> {
    let path = || "\\$(\\.[a-c]|\\[[0-3]\\]){0,4}".prop_map(Value::from);
    let way = || {
        prop_oneof![
            path(),
            Just(json!({ "header": "x-any" })),
            path().prop_map(|path| json!({ "template": format!("<{{{}}}>", path.as_str().unwrap_or("$")) })),
        ]
    };
    let single = prop::collection::vec((prop::sample::select(&FIELDS[..7]), way()), 1..8);
    let attributes = prop::collection::vec((prop_oneof![Just("*"), Just("a"), Just("b")], way()), 0..3);
    (single, attributes).prop_map(|(single, attributes)| {
        let own = |(name, value): (&str, Value)| (name.to_owned(), value);
        let mut fields: Map<String, Value> = single.into_iter().map(own).collect();
        fields.insert("attributes".into(), Value::Object(attributes.into_iter().map(own).collect()));
        Value::Object(fields)
    })
}

fn check(mapping: &Mapping, body: &str, header: &str) -> Result<(), TestCaseError> {
    let header = |_: &str| Some(header);
    let mapped = mapping.apply(&header, body).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let violations = mapped.normalized.violations("");
    prop_assert!(violations.is_empty(), "{violations:?}");
    let id_length = mapped.external_id.map_or(0, |id| id.chars().count());
    prop_assert!(id_length <= MAX_EXTERNAL_ID, "an external id of {id_length} characters");
    Ok(())
}

proptest! {
    #[test]
    fn any_mapping_is_compiled_or_refused_and_then_maps_any_json(
        definition in mapping(), body in any_json(), header in ".{0,300}"
    ) {
        match Mapping::compile(&definition) {
            Ok(mapping) => check(&mapping, &body.to_string(), &header)?,
            Err(violations) => prop_assert!(!violations.is_empty()),
        }
    }

    #[test]
    fn a_sound_mapping_maps_any_json(definition in sound_mapping(), body in any_json(), header in ".{0,300}") {
        let mapping = Mapping::compile(&definition)
            .map_err(|violations| TestCaseError::fail(format!("{definition}: {violations:?}")))?;
        check(&mapping, &body.to_string(), &header)?;
    }

    /// A body that was cut on its way, or runs on, is refused and never half a record.
    #[test]
    fn half_a_body_is_no_record(
        definition in sound_mapping(), body in any_json(), at in any::<prop::sample::Index>(), after in "[a-z\\]]{1,3}"
    ) {
        let mapping = Mapping::compile(&definition)
            .map_err(|violations| TestCaseError::fail(format!("{definition}: {violations:?}")))?;
        let whole = json!([body]).to_string();
        let end = whole.floor_char_boundary(at.index(whole.len()));
        prop_assert!(mapping.apply(&|_: &str| None, &whole[..end]).is_err(), "cut at {end}");
        let longer = format!("{whole}{after}");
        prop_assert!(mapping.apply(&|_: &str| None, &longer).is_err(), "{longer}");
    }
}
