//! Query strings: typed, and nothing unknown in them.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use common::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde::de::DeserializeOwned;

use crate::ApiError;

/// A query string; its type should `deny_unknown_fields`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Self))
    }
}

/// A query string's text, for handlers that take it apart themselves.
///
/// # Errors
/// 400 when it is malformed, or has something unknown in it.
pub fn parse_query<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    if text.contains("%00") {
        return Err(ApiError::invalid_request("The query string must not contain the NUL character."));
    }
    serde_urlencoded::from_str(text).map_err(|error| ApiError::invalid_request(format!("The query string: {error}.")))
}

/// The page size that the caller asked for.
///
/// # Errors
/// 400 when it is out of range.
pub fn page_limit(limit: Option<u32>) -> Result<u32, ApiError> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(ApiError::invalid_request(format!("limit must be from 1 to {MAX_LIMIT}."))
            .with("field", "limit")
            .with("limit", MAX_LIMIT)),
    }
}
