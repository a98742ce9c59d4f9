//! The one error that handlers answer with.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use common::error_code::{ErrorBody, ErrorCode};
use common::{Permission, Violation};
use db::{DbError, ErrorClass};
use serde_json::{Map, Value, json};

/// Most violations in one answer.
const MAX_VIOLATIONS: usize = 100;

/// A public code, message and context, and a hidden cause for the log.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    context: Map<String, Value>,
    retry_after_seconds: Option<u64>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    /// An error whose message is the code's meaning.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self { code, message: code.meaning().to_owned(), context: Map::new(), retry_after_seconds: None, source: None }
    }

    /// The same with a message for this case: what happened and what to do.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same with a machine-readable fact.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }

    /// The same with a cause, which is logged and never shown.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with a `Retry-After` header and `context.retryAfterSeconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self.with("retryAfterSeconds", seconds)
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest).message(message)
    }

    /// 404: no such thing in this tenant.
    #[must_use]
    pub fn not_found(noun: &str) -> Self {
        Self::new(ErrorCode::NotFound)
            .message(format!("There is no such {noun} in this tenant. Check the id, or list what there is."))
            .with("resource", noun)
    }

    /// 403: the caller lacks a permission.
    #[must_use]
    pub fn forbidden(permission: Permission) -> Self {
        Self::new(ErrorCode::Forbidden).with("permission", permission.as_str())
    }

    /// 422: fields break rules. Of very many only the first are told, so that an answer stays an answer.
    #[must_use]
    pub fn validation(violations: &[Violation]) -> Self {
        let message = match violations {
            [one] => format!("{} {}.", one.path, one.message),
            [first, rest @ ..] => {
                format!("{} {}; and {} more, see context.fields.", first.path, first.message, rest.len())
            }
            [] => ErrorCode::ValidationFailed.meaning().to_owned(),
        };
        let told = &violations[..violations.len().min(MAX_VIOLATIONS)];
        Self::new(ErrorCode::ValidationFailed).message(message).with("fields", json!(told))
    }

    /// 412: the resource changed since it was read.
    #[must_use]
    pub fn version_conflict(current: i32) -> Self {
        Self::new(ErrorCode::VersionConflict).with("currentVersion", current)
    }

    /// 500: a defect, logged with its cause.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorCode::Internal).because(source)
    }

    /// The public code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The public body.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        ErrorBody { code: self.code.as_str().to_owned(), message: self.message.clone(), context: self.context.clone() }
    }

    /// Logs a failure that is ours; called once, where the answer leaves.
    fn log(&self) {
        if self.code.status() < 500 {
            tracing::debug!(code = self.code.as_str(), message = self.message, "refused");
            return;
        }
        let mut causes = String::new();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = self.source.as_deref().map(|e| e as _);
        while let Some(error) = cause {
            causes.push_str(": ");
            causes.push_str(&error.to_string());
            cause = error.source();
        }
        tracing::error!(code = self.code.as_str(), "request failed{causes}");
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error.class() {
            ErrorClass::Unavailable | ErrorClass::Transient => {
                Self::new(ErrorCode::ServiceUnavailable).retry_after(1).because(error)
            }
            ErrorClass::NotFound | ErrorClass::Unique | ErrorClass::Permanent => Self::internal(error),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut answer = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after_seconds {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        answer.json(self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_violations_the_first_are_told_and_all_are_counted() {
        let many: Vec<Violation> =
            (0..1_000).map(|n| Violation::new(format!("values[{n}]"), "min_length", "must not be empty")).collect();
        let error = ApiError::validation(&many);
        assert_eq!(error.context["fields"].as_array().map(Vec::len), Some(MAX_VIOLATIONS));
        assert!(error.message.contains("and 999 more"), "{}", error.message);
    }
}
