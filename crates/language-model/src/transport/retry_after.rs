//! How long an endpoint asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date.

use std::time::Duration;

use common::DateTime;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The wait that the headers ask for; none when they do not, or not in a form that can be read.
pub(super) fn asked_wait(headers: &HeaderMap, now: DateTime) -> Option<Duration> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && (0.0..1e9).contains(n));
    let millis = headers.get("retry-after-ms").and_then(|value| value.to_str().ok()).and_then(|t| number(t.trim()));
    if let Some(millis) = millis {
        return Some(Duration::from_secs_f64(millis / 1_000.0));
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = number(text) {
        return Some(Duration::from_secs_f64(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::asked_wait;

    #[test]
    fn seconds_milliseconds_and_dates_are_understood() {
        let now = "2026-11-06T08:49:37Z".parse().unwrap();
        let asked = |headers: &[(&'static str, &'static str)]| {
            let headers =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            asked_wait(&headers.collect::<HeaderMap>(), now)
        };
        let millis = |count| Some(Duration::from_millis(count));
        for (headers, expected) in [
            (&[("retry-after", "2")][..], millis(2_000)),
            (&[("retry-after", " 0.5 ")], millis(500)),
            (&[("retry-after", "9"), ("retry-after-ms", "20")], millis(20)),
            (&[("retry-after", "Fri, 06 Nov 2026 08:49:40 GMT")], millis(3_000)),
            (&[("retry-after", "Fri, 06 Nov 2026 08:00:00 GMT")], millis(0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after-ms", "x"), ("retry-after", "1")], millis(1_000)),
            (&[], None),
        ] {
            assert_eq!(asked(headers), expected, "{headers:?}");
        }
    }
}
