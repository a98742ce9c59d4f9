//! Times in query strings.

use chrono::Datelike as _;
use common::DateTime;
use web::ApiError;

/// Refuses years that the feed has no room for.
///
/// # Errors
/// 400 with the field's name.
pub(crate) fn within_reason(field: &str, time: Option<DateTime>) -> Result<Option<DateTime>, ApiError> {
    match time {
        Some(time) if !(1970..=9999).contains(&time.year()) => {
            let message = format!("{field} must be from the year 1970 to 9999.");
            Err(ApiError::invalid_request(message).with("field", field))
        }
        Some(_) | None => Ok(time),
    }
}

/// 400: the period ends before it begins.
pub(crate) fn reversed() -> ApiError {
    ApiError::invalid_request("from is later than to; swap them.").with("field", "from")
}
