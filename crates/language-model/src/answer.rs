//! Reading an answer: it can choose one of the labels offered, or say none; anything else is no decision.

use serde::{Deserialize, Serialize};

use crate::confidence;
use crate::error::Unavailable;
use crate::outcome::Tokens;
use crate::prompt::{Ids, Meaning};
use crate::tokens::estimate;
use crate::wire::ChatResponse;

/// Why a model that answered has not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Abstention {
    /// It chose "none of these".
    #[error("the model says that no label fits")]
    NoneOfThese,
    /// Asked in another order, it chose another label.
    #[error("the model chose another label when the labels were in another order")]
    Disagreement,
    /// It named something that was not offered.
    #[error("the model named a label that was not offered")]
    OutsideOfSet,
    /// It, or its provider's filter, refused.
    #[error("the model refused to answer")]
    Refused,
    /// Its answer ended before it was whole.
    #[error("the model's answer was cut off")]
    CutOff,
    /// The endpoint told no probabilities although it can, and was not asked a second time.
    #[error("the endpoint told no probabilities")]
    NoConfidence,
    /// Its answer is not the JSON that was asked for.
    #[error("the model's answer is not of the form asked for")]
    Unreadable,
}

/// What one answer says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) said: Result<Meaning, Abstention>,
    /// The probability of what was said, if the endpoint tells.
    pub(crate) probability: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    label: String,
}

/// The object that was asked for. An array would pass for the struct too, by the order of its fields.
fn chosen(content: &str) -> Option<Chosen> {
    let content = content.trim();
    content.starts_with('{').then(|| serde_json::from_str(content).ok()).flatten()
}

/// Reads an answer against the ids that were offered.
pub(crate) fn read(response: &ChatResponse, ids: &Ids) -> Result<Reading, Unavailable> {
    let choice = response.choices.first().ok_or(Unavailable::Malformed)?;
    let finish = choice.finish_reason.as_deref();
    let no = |why| Ok(Reading { said: Err(why), probability: None });
    if choice.message.refusal.as_deref().is_some_and(|text| !text.is_empty()) || finish == Some("content_filter") {
        return no(Abstention::Refused);
    }
    let content = choice.message.content.as_deref().unwrap_or_default();
    let Some(chosen) = chosen(content) else {
        return no(if finish == Some("length") { Abstention::CutOff } else { Abstention::Unreadable });
    };
    let Some(meaning) = ids.meaning(&chosen.label) else { return no(Abstention::OutsideOfSet) };
    let tokens = choice.logprobs.as_ref().map_or(&[][..], |logprobs| &logprobs.content);
    Ok(Reading { said: Ok(meaning), probability: confidence::of_id(content, &chosen.label, &ids.all(), tokens) })
}

/// The tokens of a call: as the endpoint counts them, or as counted here where it does not.
pub(crate) fn tokens_of(response: &ChatResponse, counted_prompt: u64) -> Tokens {
    let usage = response.usage.unwrap_or_default();
    let said = response.choices.iter().filter_map(|choice| choice.message.content.as_deref());
    let total = usage.total_tokens.unwrap_or_default();
    let prompt = usage.prompt_tokens.or_else(|| total.checked_sub(usage.completion_tokens?)).filter(|count| *count > 0);
    let completion = usage.completion_tokens.or_else(|| total.checked_sub(usage.prompt_tokens?));
    Tokens {
        prompt: prompt.unwrap_or(counted_prompt),
        cached_prompt: usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or_default(),
        completion: completion.unwrap_or_else(|| estimate(said)),
        is_counted: prompt.is_none() || completion.is_none(),
    }
}
