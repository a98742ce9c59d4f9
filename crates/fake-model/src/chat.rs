//! Completions and embeddings.

use serde_json::{Value, json};

use crate::http::Reply;
use crate::schema::offered;
use crate::{MODEL_SECRET, ModelFault, State};

const KNOWN: [&str; 9] = [
    "model",
    "messages",
    "response_format",
    "temperature",
    "seed",
    "max_completion_tokens",
    "logprobs",
    "top_logprobs",
    "n",
];

/// An answer to a request for a completion.
pub(crate) fn complete(state: &State, request: &Value, fault: Option<&ModelFault>) -> Reply {
    let ids = match check(state, request) {
        Ok(ids) => ids,
        Err((param, message)) => return Reply::refused(param, message),
    };
    let ids = ids.unwrap_or_else(|| ids_of(request).into_iter().map(|(id, _)| id).collect());
    let chosen = choose(state, request, &ids);
    let keeps = state.traits.keeps_schema || request["response_format"].is_null();
    let mut content = if keeps { json!({ "label": chosen }).to_string() } else { "As you wish: free".into() };
    let (mut finish, mut refusal, mut gives_usage) = ("stop", Value::Null, state.traits.gives_usage);
    match fault {
        Some(ModelFault::NoUsage) => gives_usage = false,
        Some(ModelFault::FinishReason(reason)) => finish = *reason,
        Some(ModelFault::Content(text)) => content.clone_from(text),
        Some(ModelFault::Refusal) => (content, refusal) = (String::new(), MODEL_SECRET.into()),
        Some(ModelFault::CutAtLength) => (content, finish) = ("{\"lab".into(), "length"),
        _ => {}
    }
    let with_logprobs = state.traits.gives_logprobs && request["logprobs"] == true;
    let logprobs =
        if with_logprobs { logprobs(&content, &chosen, &ids, state.traits.probability) } else { Value::Null };
    let mut answer = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": format!("{}-2026", request["model"].as_str().unwrap_or("")),
        "system_fingerprint": "fp_1",
        "choices": [{
            "index": 0, "finish_reason": finish, "logprobs": logprobs,
            "message": { "role": "assistant", "content": content, "refusal": refusal },
        }],
    });
    if gives_usage {
        answer["usage"] = usage(request["messages"].to_string().len() / 4, content.len() / 4);
    }
    Reply::json(200, &answer)
}

fn usage(prompt: usize, completion: usize) -> Value {
    json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": { "cached_tokens": 0 },
    })
}

fn check(state: &State, request: &Value) -> Result<Option<Vec<String>>, (&'static str, &'static str)> {
    let fields = request.as_object().ok_or(("", "the body is no JSON object"))?;
    if fields.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(("", "unknown field"));
    }
    if request["model"].as_str().is_none_or(str::is_empty) {
        return Err(("model", "missing"));
    }
    let messages = request["messages"].as_array().filter(|all| !all.is_empty()).ok_or(("messages", "missing"))?;
    let roles = ["system", "user", "assistant"];
    if !messages.iter().all(|m| roles.contains(&m["role"].as_str().unwrap_or("")) && m["content"].is_string()) {
        return Err(("messages", "each has a role and a text"));
    }
    if !request["temperature"].is_null() && !state.traits.takes_temperature {
        return Err(("temperature", "not supported"));
    }
    if request["temperature"].as_f64().is_some_and(|t| !(0.0..=2.0).contains(&t)) {
        return Err(("temperature", "from 0 to 2"));
    }
    if !request["seed"].is_null() && !request["seed"].is_i64() && !request["seed"].is_u64() {
        return Err(("seed", "an integer"));
    }
    if request["max_completion_tokens"].as_u64().is_none_or(|count| count == 0) {
        return Err(("max_completion_tokens", "at least 1"));
    }
    if request["logprobs"] == true && !state.traits.takes_logprobs {
        return Err(("logprobs", "not supported"));
    }
    let top = request["top_logprobs"].as_u64();
    if top.is_some_and(|count| count > 20 || request["logprobs"] != true) {
        return Err(("top_logprobs", "at most 20, and only with logprobs"));
    }
    let format = &request["response_format"];
    if format["type"] == "json_schema" && !state.traits.takes_schema {
        return Err(("response_format", "not supported"));
    }
    offered(format).map_err(|message| ("response_format", message))
}

/// The lines of the system message that name an id, with the name that each stands for.
fn ids_of(request: &Value) -> Vec<(String, String)> {
    let system = request["messages"][0]["content"].as_str().unwrap_or_default();
    let lines = system
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(id, _)| id.len() >= 3 && id.starts_with('L') && id[1..].bytes().all(|byte| byte.is_ascii_digit()));
    lines.map(|(id, rest)| (id.into(), rest.split(" - ").next().unwrap_or(rest).into())).collect()
}

fn choose(state: &State, request: &Value, ids: &[String]) -> String {
    let record = request["messages"].as_array().and_then(|all| all.last()).and_then(|m| m["content"].as_str());
    let record = record.unwrap_or_default();
    let first = ids.first().cloned().unwrap_or_else(|| "L01".into());
    if state.traits.takes_first {
        return first;
    }
    let named = state.choices.iter().find(|(word, _)| record.contains(word.as_str()));
    let id = named.and_then(|(_, label)| {
        ids_of(request).into_iter().find(|(_, name)| name == label || name.starts_with(&format!("{label},")))
    });
    id.map_or(first, |(id, _)| id)
}

/// Tokens as a tokeniser would cut the answer, with the other ids as the alternatives of the last digits.
fn logprobs(content: &str, chosen: &str, ids: &[String], probability: f64) -> Value {
    let Some(at) = content.find(chosen) else {
        return json!({ "content": [token(content, 1.0, &[])], "refusal": null });
    };
    let (before, rest) = content.split_at(at);
    let (id, after) = rest.split_at(chosen.len());
    let others: Vec<(&str, f64)> = ids
        .iter()
        .filter(|other| *other != chosen)
        .take(19)
        .map(|other| (&other[1..], (1.0 - probability) / ids.len().saturating_sub(1).max(1) as f64))
        .collect();
    json!({ "content": [
        token(before, 1.0, &[]), token(&id[..1], 1.0, &[]), token(&id[1..], probability, &others), token(after, 1.0, &[]),
    ], "refusal": null })
}

fn token(text: &str, probability: f64, others: &[(&str, f64)]) -> Value {
    let own = (text, probability);
    let all = std::iter::once(&own).chain(others);
    let top: Vec<Value> =
        all.map(|(text, p)| json!({ "token": text, "logprob": p.max(1e-9).ln(), "bytes": null })).collect();
    json!({ "token": text, "logprob": probability.max(1e-9).ln(), "bytes": null, "top_logprobs": top })
}

/// An answer to a request for embeddings: last text first, as the order is said by `index`.
pub(crate) fn embed(state: &State, request: &Value) -> Reply {
    let Some(texts) = request["input"].as_array() else { return Reply::refused("input", "a list of texts") };
    if texts.iter().any(|text| text.as_str().is_none_or(str::is_empty)) {
        return Reply::refused("input", "no text may be empty");
    }
    let asked = request["dimensions"].as_u64().and_then(|count| usize::try_from(count).ok());
    let dimensions = asked.unwrap_or(state.traits.dimensions);
    let rows = texts.iter().enumerate().rev().map(|(index, text)| {
        let text = text.as_str().unwrap_or_default();
        let vector: Vec<f64> = (0..dimensions).map(|place| number(text, place)).collect();
        json!({ "object": "embedding", "index": index, "embedding": vector })
    });
    let mut answer = json!({ "object": "list", "data": rows.collect::<Vec<_>>(), "model": request["model"] });
    if state.traits.gives_usage {
        answer["usage"] = usage(request["input"].to_string().len() / 4, 0);
    }
    Reply::json(200, &answer)
}

/// Some number that the text and the place decide.
fn number(text: &str, place: usize) -> f64 {
    let sum = text.bytes().fold(place as u64 + 1, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    (sum % 2_003) as f64 / 1_000.0 - 1.0
}
