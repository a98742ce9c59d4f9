//! `expand[]`: ids in an answer replaced by what they stand for.

use serde_json::Value;

use crate::world::World;

/// Expands every path that a call asks for.
pub(crate) fn expand(world: &World, mut answer: Value, params: &Value) -> Value {
    for path in params["expand"].as_array().map_or(&[][..], Vec::as_slice) {
        let segments: Vec<&str> = path.as_str().unwrap_or_default().split('.').collect();
        walk(world, &mut answer, &segments);
    }
    answer
}

fn walk(world: &World, value: &mut Value, path: &[&str]) {
    if let Some(found) = value.as_str().and_then(|id| world.find(id)) {
        *value = found.clone();
    }
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(world, item, path)),
        Value::Object(map) => {
            if let Some(inner) = map.get_mut(*first) {
                walk(world, inner, rest);
            }
        }
        _ => {}
    }
}
