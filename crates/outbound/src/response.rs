//! What came back, read whole and within the limit.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use url::Url;

use crate::OutboundError;
use crate::policy::host_of;

/// An answer of any status.
#[derive(Clone, Debug)]
pub struct OutboundResponse {
    /// The address that answered, after redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl OutboundResponse {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`OutboundError::Malformed`] when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, OutboundError> {
        serde_json::from_slice(&self.body)
            .map_err(|source| OutboundError::Malformed { host: host_of(&self.url), source })
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long `Retry-After` asks to wait, given in seconds or as a date; nothing for a date that is past.
    #[must_use]
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        wait_of(self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim(), now)
    }
}

fn wait_of(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    (http_date(text)? - now).to_std().ok()
}

/// A date in any of the three forms of RFC 9110, 5.6.7. The name of its day is not looked at: it adds nothing.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let after_day = match text.split_once(", ") {
        Some((_, rest)) => rest,
        None => text.split_once(' ')?.1,
    };
    let read = |form| NaiveDateTime::parse_from_str(after_day, form).ok();
    // Two digits of a year come first: %Y would take them for the first century.
    let found = read("%d-%b-%y %H:%M:%S GMT")
        .or_else(|| read("%d %b %Y %H:%M:%S GMT"))
        .or_else(|| read("%b %e %H:%M:%S %Y"))?;
    Some(found.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_given_in_seconds_or_by_any_form_of_date() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z").unwrap().to_utc();
        let seconds = |text| wait_of(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(seconds(date), Some(37), "{date}");
        }
        for none in ["", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:48:59 GMT", "Sun, 06 Nov 1994 08:49:37 CET"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
