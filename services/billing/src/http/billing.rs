//! `/billing`: plans, the tenant's status and log, and the links to a payment provider.

pub(crate) mod events;
pub(crate) mod plans;
pub(crate) mod portal;
pub(crate) mod session;
pub(crate) mod status;

use actix_web::http::Uri;

/// Longest URL, in characters.
const MAX_URL: usize = 2_048;

/// Whether a browser may be sent there: an absolute http or https URL.
fn is_web_url(text: &str) -> bool {
    text.len() <= MAX_URL
        && text.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
        })
}

#[cfg(test)]
mod tests {
    use super::is_web_url;

    #[test]
    fn only_absolute_web_urls_are_taken() {
        assert!(is_web_url("https://example.com/back?ok=1"));
        assert!(is_web_url("http://127.0.0.1:5173/"));
        for bad in ["", "/back", "example.com", "javascript:alert(1)", "ftp://example.com/", "https://", "https://a b/"]
        {
            assert!(!is_web_url(bad), "{bad:?}");
        }
    }
}
