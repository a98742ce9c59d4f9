//! Optimistic concurrency: `ETag` out, `If-Match` in.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};

use crate::ApiError;

/// The version that the caller read, from `If-Match: "3"`; `None` means any.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(pub Option<i32>);

impl IfMatch {
    /// Refuses when the caller read another version than the current one.
    ///
    /// # Errors
    /// 412 with the current version.
    pub fn require(self, current: i32) -> Result<(), ApiError> {
        match self.0 {
            Some(read) if read != current => Err(ApiError::version_conflict(current)),
            Some(_) | None => Ok(()),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(IF_MATCH) else { return ready(Ok(Self(None))) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return ready(Ok(Self(None)));
        }
        let version = text.strip_prefix("W/").unwrap_or(text).trim_matches('"').parse().ok();
        ready(version.map(|version| Self(Some(version))).ok_or_else(|| {
            ApiError::invalid_request("If-Match must be the ETag of the resource, such as \"3\".")
                .with("field", "If-Match")
        }))
    }
}
