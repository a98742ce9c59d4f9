//! How sure the model was, from the probabilities of the tokens that spell the label's id.

use serde::{Deserialize, Serialize};

use crate::wire::TokenLogprob;

/// What speaks for the label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "value")]
pub enum Confidence {
    /// The model's probability of the label among all that were offered, not yet calibrated.
    Probability(f64),
    /// The endpoint tells no probabilities; asked twice, with the labels in another order, it chose the same.
    Agreement,
}

impl Confidence {
    /// The probability, if there is one.
    #[must_use]
    pub const fn probability(self) -> Option<f64> {
        match self {
            Self::Probability(p) => Some(p),
            Self::Agreement => None,
        }
    }
}

/// The probability of the id that was answered among `candidates`: at each token of the id, its part in what is given to
/// tokens that lead to a candidate. None when the tokens do not spell the content.
pub(crate) fn of_id(content: &str, id: &str, candidates: &[String], tokens: &[TokenLogprob]) -> Option<f64> {
    let start = content.rfind(&format!("\"{id}\""))? + 1;
    let end = start + id.len();
    let (mut at, mut probability, mut seen) = (0, 1.0, false);
    for token in tokens {
        let from = at;
        at += token.token.len();
        if content.get(from..at) != Some(token.token.as_str()) {
            return None;
        }
        if at <= start || from >= end {
            continue;
        }
        seen = true;
        // Everything written before this token, from the id's quotation mark on: what alternatives go on from.
        let head = content.get(from.min(start)..start)?;
        let so_far = content.get(start..from.max(start))?;
        probability *= share(token, head, so_far, candidates);
    }
    (seen && at >= end).then_some(probability)
}

/// The chosen token's part among those that some candidate may go on with.
fn share(token: &TokenLogprob, head: &str, so_far: &str, candidates: &[String]) -> f64 {
    let chosen = token.logprob.min(0.0).exp();
    let others = token.top_logprobs.iter().filter(|other| other.token != token.token);
    let rivals: f64 = others
        .filter(|other| leads_to_candidate(&other.token, head, so_far, candidates))
        .map(|other| other.logprob.min(0.0).exp())
        .sum();
    // With more candidates than alternatives told, what is not told may be theirs.
    let told: f64 = token.top_logprobs.iter().map(|other| other.logprob.min(0.0).exp()).sum();
    let untold = if candidates.len() > token.top_logprobs.len() { (1.0 - told.max(chosen)).max(0.0) } else { 0.0 };
    let all = chosen + rivals + untold;
    if all > 0.0 { chosen / all } else { 0.0 }
}

fn leads_to_candidate(token: &str, head: &str, so_far: &str, candidates: &[String]) -> bool {
    // A token may begin with the quotation mark before the id; then its rivals do.
    let Some(token) = token.strip_prefix(head) else { return false };
    let written = format!("{so_far}{token}");
    candidates.iter().any(|id| {
        // Equal as far as both go, and more than what was there: a token may also end in the mark after the id.
        let closed = format!("{id}\"");
        !token.is_empty() && (closed.starts_with(&written) || written.starts_with(&closed))
    })
}

#[cfg(test)]
mod tests {
    use super::of_id;
    use crate::wire::{Alternative, TokenLogprob};

    fn token(text: &str, p: f64, others: &[(&str, f64)]) -> TokenLogprob {
        let own = (text, p);
        let all = std::iter::once(&own).chain(others);
        let top_logprobs = all.map(|(text, p)| Alternative { token: (*text).into(), logprob: p.ln() }).collect();
        TokenLogprob { token: text.into(), logprob: p.ln(), top_logprobs }
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    const CONTENT: &str = r#"{"label":"L07"}"#;

    fn close(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|p| (p - expected).abs() < 1e-9), "{found:?}, expected {expected}");
    }

    #[test]
    fn only_tokens_that_lead_to_candidates_share() {
        let all = ids(&["L07", "L08", "L00"]);
        let tokens = [
            token("{\"label\":\"", 0.9, &[]),
            token("L", 0.8, &[("I", 0.2)]),
            token("07", 0.6, &[("08", 0.2), ("09", 0.1), ("xx", 0.1)]),
            token("\"}", 1.0, &[]),
        ];
        close(of_id(CONTENT, "L07", &all, &tokens), 0.75);
    }

    #[test]
    fn tokens_may_hold_the_marks_around_the_id_or_split_it() {
        let all = ids(&["L07", "L17", "L00"]);
        let whole = [token("{\"label\":", 1.0, &[]), token("\"L07\"}", 0.5, &[("\"L17\"}", 0.25), ("L07", 0.25)])];
        close(of_id(CONTENT, "L07", &all, &whole), 2.0 / 3.0);
        let split = [
            token("{\"label\":\"L", 1.0, &[]),
            token("0", 0.6, &[("1", 0.3), ("2", 0.1)]),
            token("7", 0.5, &[("0", 0.5)]),
            token("\"}", 1.0, &[]),
        ];
        close(of_id(CONTENT, "L07", &all, &split), (0.6 / 0.9) * 0.5);
    }

    #[test]
    fn what_is_not_told_may_be_the_candidates() {
        let all = ids(&["L07", "L08", "L09", "L10", "L00"]);
        let tokens = [token("{\"label\":\"L", 1.0, &[]), token("07", 0.5, &[("08", 0.3)]), token("\"}", 1.0, &[])];
        close(of_id(CONTENT, "L07", &all, &tokens), 0.5);
    }

    #[test]
    fn tokens_that_do_not_spell_the_answer_tell_nothing() {
        let all = ids(&["L07", "L00"]);
        assert_eq!(of_id(CONTENT, "L07", &all, &[token("{\"la", 1.0, &[]), token("other", 1.0, &[])]), None);
        assert_eq!(of_id(CONTENT, "L07", &all, &[]), None);
        assert_eq!(of_id(CONTENT, "L07", &all, &[token("{\"label\":\"L0", 1.0, &[])]), None, "cut in the id");
    }
}
