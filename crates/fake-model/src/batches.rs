//! Files and batches.

use serde_json::{Value, json};

use crate::State;
use crate::chat::complete;
use crate::http::{Reply, SeenCall};

/// An answer to a call about files or batches.
pub(crate) fn answer(state: &mut State, method: &str, path: &str, call: &SeenCall) -> Reply {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        ("POST", ["files"]) => upload(state, &call.raw),
        ("GET", ["files", id, "content"]) => match state.files.get(*id) {
            Some(file) => Reply::new(200, "application/octet-stream", file.clone()),
            None => missing(),
        },
        ("POST", ["batches"]) => create(state, &call.body),
        ("GET", ["batches"]) => {
            let all: Vec<&Value> = state.batches.values().rev().collect();
            Reply::json(200, &json!({ "object": "list", "data": all, "has_more": false }))
        }
        ("GET", ["batches", id]) => state.batches.get(*id).map_or_else(missing, |batch| Reply::json(200, batch)),
        ("POST", ["batches", id, "cancel"]) => match state.batches.get_mut(*id) {
            Some(batch) => {
                batch["status"] = "cancelling".into();
                Reply::json(200, batch)
            }
            None => missing(),
        },
        _ => missing(),
    }
}

fn missing() -> Reply {
    Reply::json(404, &json!({ "error": { "message": "not found", "type": "invalid_request_error" } }))
}

/// The part named `file` of a form.
fn upload(state: &mut State, form: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(form);
    let boundary = text.lines().next().unwrap_or_default().to_owned();
    let parts: Vec<&str> = text.split(boundary.as_str()).collect();
    let value = |name: &str| {
        let part = parts.iter().find(|part| part.contains(&format!("name=\"{name}\"")))?;
        Some(part.split_once("\r\n\r\n")?.1.trim_end_matches("\r\n").to_owned())
    };
    match (value("file"), value("purpose").as_deref()) {
        (Some(file), Some("batch")) if !boundary.is_empty() => {
            let id = format!("file-{}", state.files.len() + 1);
            let answer = json!({ "id": id, "object": "file", "bytes": file.len(), "purpose": "batch" });
            state.files.insert(id, file.into_bytes());
            Reply::json(200, &answer)
        }
        _ => Reply::refused("file", "a form with a file, purpose batch"),
    }
}

fn create(state: &mut State, request: &Value) -> Reply {
    let file = request["input_file_id"].as_str().unwrap_or_default();
    if !state.files.contains_key(file) {
        return Reply::refused("input_file_id", "no such file");
    }
    if request["completion_window"] != "24h" || request["endpoint"] != "/v1/chat/completions" {
        return Reply::refused("endpoint", "not supported");
    }
    let id = format!("batch_{}", state.batches.len() + 1);
    let batch = json!({
        "id": id, "object": "batch", "status": "validating", "input_file_id": file, "metadata": request["metadata"],
        "output_file_id": null, "error_file_id": null,
    });
    state.batches.insert(id, batch.clone());
    Reply::json(200, &batch)
}

/// Works a batch off.
pub(crate) fn finish(state: &mut State, id: &str, status: &str, failing: &str, skipped: &str) {
    let Some(batch) = state.batches.get(id) else { return };
    let file = batch["input_file_id"].as_str().unwrap_or_default();
    let text = String::from_utf8_lossy(&state.files[file]).into_owned();
    let holds = |id: &str, word: &str| !word.is_empty() && id.contains(word);
    let (mut done, mut failed, mut total) = (Vec::new(), Vec::new(), 0);
    // Results come in any order.
    for line in text.lines().rev() {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let custom = line["custom_id"].as_str().unwrap_or_default();
        total += 1;
        if holds(custom, skipped) {
            continue;
        }
        let reply = complete(state, &line["body"], None);
        let (status, body) = if holds(custom, failing) { (500, json!({ "error": {} })) } else { reply.into_parts() };
        let result = json!({
            "id": "r", "custom_id": custom, "error": null, "response": { "status_code": status, "request_id": "q", "body": body },
        });
        if status == 200 { done.push(result) } else { failed.push(result) }
    }
    let counts = json!({ "total": total, "completed": done.len(), "failed": failed.len() });
    let mut keep = |lines: &[Value], kind: &str| {
        let name = format!("file-{kind}-{id}");
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        (!lines.is_empty()).then(|| {
            state.files.insert(name.clone(), text.into_bytes());
            name
        })
    };
    let (output, errors) = (keep(&done, "output"), keep(&failed, "errors"));
    if let Some(batch) = state.batches.get_mut(id) {
        batch["status"] = status.into();
        batch["request_counts"] = counts;
        batch["output_file_id"] = output.into();
        batch["error_file_id"] = errors.into();
    }
}
