//! An answer of the gateway, out of its envelope.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Why the call was refused; null when it was not.
    pub(crate) fault: Option<Fault>,
    /// Where a list goes on.
    pub(crate) next_cursor: Option<String>,
    /// How long the gateway asks to wait.
    pub(crate) retry_after: Option<Duration>,
    trace_id: String,
    data: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) context: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    data: Value,
    error: Option<Fault>,
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    trace_id: String,
    next_cursor: Option<String>,
}

impl Answer {
    /// Reads a body; one without an envelope is kept as the message of a fault, so that it can be shown.
    pub(super) fn new(status: u16, retry_after_seconds: Option<u64>, body: &[u8]) -> Self {
        let envelope = serde_json::from_slice(body).unwrap_or_else(|_| Envelope {
            error: (!body.is_empty()).then(|| Fault {
                code: "no_envelope".to_owned(),
                message: String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned(),
                context: Value::Null,
            }),
            ..Envelope::default()
        });
        Self {
            status,
            fault: envelope.error,
            next_cursor: envelope.meta.next_cursor,
            retry_after: retry_after_seconds.map(Duration::from_secs),
            trace_id: envelope.meta.trace_id,
            data: envelope.data,
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same call may succeed a little later.
    pub(crate) fn may_be_tried_again(&self) -> bool {
        matches!(self.status, 429 | 502 | 503 | 504)
    }

    /// The fault's code, or nothing.
    pub(crate) fn code(&self) -> &str {
        self.fault.as_ref().map_or("", |fault| fault.code.as_str())
    }

    /// The answer when the call worked, else its refusal in words.
    pub(crate) fn success(self, what: &str) -> anyhow::Result<Self> {
        if self.is_success() { Ok(self) } else { Err(anyhow!("{what} answered {}", self.in_words())) }
    }

    /// The refusal in one line, with what is needed to look it up.
    pub(crate) fn in_words(&self) -> String {
        let mut words = self.status.to_string();
        if let Some(Fault { code, message, context }) = &self.fault {
            words.push_str(&format!(" {code}: {message}"));
            if context.as_object().is_some_and(|context| !context.is_empty()) {
                words.push_str(&format!(" {context}"));
            }
        }
        if !self.trace_id.is_empty() {
            words.push_str(&format!(" (trace {})", self.trace_id));
        }
        words
    }

    pub(crate) fn read<T: DeserializeOwned>(self, what: &str) -> anyhow::Result<T> {
        serde_json::from_value(self.data).with_context(|| format!("{what} answered in an unexpected shape"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_well() {
        let body = br#"{"data":null,"error":{"code":"label_in_use","message":"Rules use it.","context":{"rules":2}},
                        "meta":{"traceId":"0af7"}}"#;
        let answer = Answer::new(409, None, body);
        assert_eq!(answer.code(), "label_in_use");
        let error = answer.success("DELETE /labels/1").expect_err("a refusal");
        let words = r#"DELETE /labels/1 answered 409 label_in_use: Rules use it. {"rules":2} (trace 0af7)"#;
        assert_eq!(error.to_string(), words);
    }

    #[test]
    fn lists_carry_their_cursor() {
        let answer = Answer::new(200, Some(3), br#"{"data":[1,2],"error":null,"meta":{"nextCursor":"x"}}"#);
        assert_eq!(answer.next_cursor.as_deref(), Some("x"));
        assert_eq!(answer.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(answer.read::<Vec<u8>>("list").expect("numbers"), [1, 2]);
    }

    #[test]
    fn a_body_without_an_envelope_is_shown() {
        assert!(Answer::new(502, None, b"<html>bad gateway").in_words().contains("bad gateway"));
    }
}
