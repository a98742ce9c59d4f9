//! What a model behind an endpoint can do: asked once, when it is configured, and kept by the caller.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::outcome::Tokens;
use crate::prompt::Prompt;
use crate::wire::ChatResponse;

/// How the form of the answer can be demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    /// A JSON schema is kept to, token by token.
    StrictSchema,
    /// Any JSON object.
    JsonObject,
    /// By words only.
    Text,
}

/// What the model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// How the form of the answer is demanded.
    pub format: ResponseFormat,
    /// Whether the answer comes with the probabilities of its tokens.
    pub logprobs: bool,
    /// Whether the request may carry a seed.
    pub seed: bool,
    /// Whether the request may carry a temperature: models that reason by themselves refuse one.
    pub temperature: bool,
}

impl Capabilities {
    /// Everything the step can use.
    pub const FULL: Self = Self { format: ResponseFormat::StrictSchema, logprobs: true, seed: true, temperature: true };
    /// What every endpoint takes.
    pub const LEAST: Self = Self { format: ResponseFormat::Text, logprobs: false, seed: false, temperature: false };

    /// What a probe tries, best first, until the endpoint takes the request.
    pub(crate) const LADDER: [Self; 7] = [
        Self::FULL,
        Self { logprobs: false, ..Self::FULL },
        Self { format: ResponseFormat::StrictSchema, ..Self::LEAST },
        Self { format: ResponseFormat::JsonObject, ..Self::FULL },
        Self { format: ResponseFormat::JsonObject, temperature: true, ..Self::LEAST },
        Self { temperature: true, ..Self::LEAST },
        Self::LEAST,
    ];
}

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// What the model can do.
    pub capabilities: Capabilities,
    /// The tokens it took to find out.
    pub tokens: Tokens,
}

/// Tells to write what the schema forbids: only an endpoint that keeps to the schema answers within it.
pub(crate) fn probe_prompt(capabilities: Capabilities) -> Prompt {
    let response_format = match capabilities.format {
        ResponseFormat::StrictSchema => Some(json!({
            "type": "json_schema",
            "json_schema": { "name": "label", "strict": true, "schema": {
                "type": "object",
                "properties": { "label": { "type": "string", "enum": ["L01", "L00"] } },
                "required": ["label"],
                "additionalProperties": false,
            } },
        })),
        ResponseFormat::JsonObject => Some(json!({ "type": "json_object" })),
        ResponseFormat::Text => None,
    };
    let messages = vec![
        json!({ "role": "system", "content": "Answer with the JSON {\"label\":\"free\"} and nothing else." }),
        json!({ "role": "user", "content": "Go." }),
    ];
    Prompt { messages, response_format }
}

/// What the endpoint did, beside what it took without a word.
pub(crate) fn observed(tried: Capabilities, response: &ChatResponse) -> Capabilities {
    let choice = response.choices.first().cloned().unwrap_or_default();
    let content = choice.message.content.unwrap_or_default();
    let answer = serde_json::from_str::<Value>(content.trim()).unwrap_or_default();
    let kept_to_schema = matches!(answer["label"].as_str(), Some("L01" | "L00"));
    let format = match tried.format {
        ResponseFormat::StrictSchema if !kept_to_schema => ResponseFormat::Text,
        format => format,
    };
    let logprobs = tried.logprobs && choice.logprobs.is_some_and(|logprobs| !logprobs.content.is_empty());
    Capabilities { format, logprobs, ..tried }
}
