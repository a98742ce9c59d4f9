//! The API: which call does what. Pure of HTTP; a call is a method, a path and its parameters.

mod billing;
mod catalogue;
mod payments;

pub(crate) use billing::cancel_later;
pub(crate) use payments::dispute;

use serde_json::Value;

use crate::error::ApiError;
use crate::expand::expand;
use crate::world::{World, shown};

/// One call, read.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// The path's segments after `/v1`.
    pub(crate) path: &'a [&'a str],
    pub(crate) params: &'a Value,
}

/// Answers a call.
pub(crate) fn answer(world: &mut World, request: &Request<'_>) -> Result<Value, ApiError> {
    let found = catalogue::answer(world, request)
        .or_else(|| billing::answer(world, request))
        .or_else(|| payments::answer(world, request));
    let unknown = || ApiError::unknown_url(request.method, &format!("/v1/{}", request.path.join("/")));
    Ok(shown(expand(world, found.ok_or_else(unknown)??, request.params)))
}

/// A required text.
pub(crate) fn required<'a>(params: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    params[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| ApiError::missing_param(name))
}
