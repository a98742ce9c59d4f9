//! What came back, read whole and within the limit.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
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

    /// How long `Retry-After` asks to wait. A date is taken by the clock of whoever answered (`Date`), so that theirs and
    /// ours need not agree; one that has passed asks for no wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let (until, now) = (http_date(text)?, http_date(self.headers.get(DATE)?.to_str().ok()?)?);
        Some((until - now).to_std().unwrap_or_default())
    }
}

/// The one form of dates that HTTP still sends (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc2822(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;
    use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

    use super::OutboundResponse;

    fn wait(date: Option<&'static str>, retry_after: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(retry_after))]);
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        let url = "https://api.example.com/".parse().unwrap();
        OutboundResponse { url, status: StatusCode::TOO_MANY_REQUESTS, headers, body: Default::default() }.retry_after()
    }

    #[test]
    fn a_wait_is_given_in_seconds_or_as_a_date() {
        let now = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(wait(None, " 120"), Some(Duration::from_secs(120)));
        assert_eq!(wait(now, "Wed, 21 Oct 2026 07:29:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait(now, "Wed, 21 Oct 2026 07:00:00 GMT"), Some(Duration::ZERO), "it has passed");
        assert_eq!(wait(None, "Wed, 21 Oct 2026 07:29:30 GMT"), None, "nobody knows what time it is there");
        assert_eq!(wait(now, "soon"), None);
        assert_eq!(wait(now, "-1"), None);
    }
}
