//! Errors in the API's own envelope.

use serde_json::{Value, json};

/// Why a call was refused.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
}

impl ApiError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", code: None, message: message.into(), param: None }
    }

    pub(crate) fn missing_param(param: &str) -> Self {
        Self {
            code: Some("parameter_missing"),
            param: Some(param.to_owned()),
            ..Self::invalid(format!("Missing required param: {param}."))
        }
    }

    pub(crate) fn no_such(noun: &str, id: &str) -> Self {
        Self {
            status: 404,
            code: Some("resource_missing"),
            param: Some("id".to_owned()),
            ..Self::invalid(format!("No such {noun}: '{id}'"))
        }
    }

    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        Self { status: 404, ..Self::invalid(format!("Unrecognized request URL ({method}: {path}).")) }
    }

    pub(crate) fn unauthorized() -> Self {
        Self { status: 401, ..Self::invalid("You did not provide an API key, or it is not one of this double's.") }
    }

    pub(crate) fn card_declined() -> Self {
        Self {
            status: 402,
            kind: "card_error",
            code: Some("card_declined"),
            message: "Your card was declined.".to_owned(),
            param: None,
        }
    }

    pub(crate) fn idempotency() -> Self {
        Self {
            kind: "idempotency_error",
            ..Self::invalid("Keys for idempotent requests can only be used with the same parameters as at first.")
        }
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = self.code {
            error["code"] = code.into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        json!({"error": error})
    }
}
