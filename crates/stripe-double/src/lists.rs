//! Lists: the newest first, by cursor.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::world::{number, text};

/// One page of the objects, which come the oldest first.
pub(crate) fn page(objects: &[Value], url: &str, params: &Value) -> Result<Value, ApiError> {
    let limit = number(&params["limit"]).unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("limit must be from 1 to 100"));
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let created = &params["created"];
    let within = |object: &&Value| {
        let at = object["created"].as_i64().unwrap_or(0);
        let bound = |name: &str| number(&created[name]);
        bound("gte").is_none_or(|least| at >= least)
            && bound("gt").is_none_or(|least| at > least)
            && bound("lte").is_none_or(|most| at <= most)
            && bound("lt").is_none_or(|most| at < most)
    };
    let newest: Vec<&Value> = objects.iter().rev().filter(within).collect();
    let place = |id: &str| newest.iter().position(|object| object["id"] == id);
    let (found, has_more): (Vec<&Value>, bool) = if let Some(before) = params["ending_before"].as_str() {
        let end = place(before).ok_or_else(|| ApiError::no_such("object", before))?;
        let start = end.saturating_sub(limit);
        (newest[start..end].to_vec(), start > 0)
    } else {
        let start = match text(&params["starting_after"]) {
            "" => 0,
            after => place(after).ok_or_else(|| ApiError::no_such("object", after))? + 1,
        };
        let end = newest.len().min(start + limit);
        (newest[start..end].to_vec(), end < newest.len())
    };
    Ok(json!({"object": "list", "data": found, "has_more": has_more, "url": url}))
}
