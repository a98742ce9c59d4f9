//! The interface as it is really spoken: what many servers leave out or write differently is read leniently.

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request for a completion.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    pub(crate) messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_format: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u32>,
    pub(crate) max_completion_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top_logprobs: Option<u8>,
}

impl ChatRequest {
    /// Every text of the request that a model reads.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().filter_map(|message| message["content"].as_str())
    }
}

/// An answer to a request for a completion.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChatResponse {
    #[serde(deserialize_with = "lenient")]
    pub(crate) model: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) system_fingerprint: Option<String>,
    pub(crate) choices: Vec<Choice>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) usage: Option<Usage>,
}

/// One of the answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    pub(crate) message: Message,
    /// Any text: servers write `stop`, `eos`, `end_turn` and more.
    #[serde(deserialize_with = "lenient")]
    pub(crate) finish_reason: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) logprobs: Option<Logprobs>,
}

/// What was said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    #[serde(deserialize_with = "lenient")]
    pub(crate) content: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) refusal: Option<String>,
}

/// The tokens of the answer with their probabilities.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Logprobs {
    #[serde(deserialize_with = "lenient")]
    pub(crate) content: Vec<TokenLogprob>,
}

/// One token of the answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenLogprob {
    pub(crate) token: String,
    pub(crate) logprob: f64,
    #[serde(deserialize_with = "lenient")]
    pub(crate) top_logprobs: Vec<Alternative>,
}

/// A token that could have stood there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Alternative {
    pub(crate) token: String,
    pub(crate) logprob: f64,
}

/// Tokens as the server counted them.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Usage {
    #[serde(deserialize_with = "lenient")]
    pub(crate) prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) completion_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) total_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) prompt_tokens_details: Option<PromptDetails>,
}

/// Of the prompt's tokens.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PromptDetails {
    #[serde(deserialize_with = "lenient")]
    pub(crate) cached_tokens: Option<u64>,
}

/// A request for embeddings.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EmbeddingRequest<'t> {
    pub(crate) model: &'t str,
    pub(crate) input: Vec<&'t str>,
    pub(crate) encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dimensions: Option<usize>,
}

/// Vectors.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EmbeddingResponse {
    pub(crate) data: Vec<EmbeddingRow>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) usage: Option<Usage>,
}

/// One vector.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EmbeddingRow {
    #[serde(default)]
    pub(crate) index: Option<usize>,
    pub(crate) embedding: Vec<f32>,
}

/// The id of a file or a batch.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Created {
    pub(crate) id: String,
}

/// A batch as the server tells of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BatchObject {
    pub(crate) id: String,
    pub(crate) status: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) output_file_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) error_file_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) request_counts: BatchCounts,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BatchCounts {
    pub(crate) total: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
}

/// One line of a batch's results.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BatchLine {
    pub(crate) custom_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) response: Option<BatchLineResponse>,
}

/// The answer in it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BatchLineResponse {
    pub(crate) status_code: u16,
    #[serde(default)]
    pub(crate) body: Value,
}

/// An error's code, whatever type it is written in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: ErrorObject,
}

/// The object in an error's body.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorObject {
    #[serde(deserialize_with = "lenient")]
    pub(crate) code: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: Option<String>,
}

/// Whether the bytes are JSON of any shape.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// A value of another type than expected counts as left out.
fn lenient<'de, D: Deserializer<'de>, T: Default + for<'a> Deserialize<'a>>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ChatResponse;

    #[test]
    fn what_servers_leave_out_or_write_differently_is_read() {
        let answer: ChatResponse = serde_json::from_value(json!({
            "id": 7, "model": null, "usage": "none", "x": {},
            "choices": [{ "finish_reason": "eos", "message": { "content": "hi", "refusal": false }, "logprobs": "yes" }],
        }))
        .unwrap();
        assert!(answer.usage.is_none() && answer.choices[0].logprobs.is_none());
        assert_eq!(answer.choices[0].message.content.as_deref(), Some("hi"));
        let answer: ChatResponse = serde_json::from_value(json!({
            "usage": { "prompt_tokens": 12.5, "completion_tokens": 3, "prompt_tokens_details": null },
        }))
        .unwrap();
        assert_eq!(answer.usage.unwrap().completion_tokens, Some(3));
    }
}
