//! `/billing`: plans, the tenant's status and log, the links to a payment provider, and what providers send.

pub(crate) mod events;
pub(crate) mod plans;
pub(crate) mod portal;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod webhooks;

use actix_web::http::Uri;

use crate::settings::PaymentsSettings;

/// Longest URL, in characters.
const MAX_URL: usize = 2_048;

/// Whether a browser may be sent there: an absolute http or https URL.
fn is_web_url(text: &str) -> bool {
    text.len() <= MAX_URL
        && text.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
        })
}

/// Whether a browser may be sent there from pages of ours: an owner's click must not end at a stranger's page.
fn is_allowed_url(text: &str, payments: &PaymentsSettings) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    // A user name before the host is how a foreign host is made to look like ours.
    if authority.as_str().contains('@') {
        return false;
    }
    let given = canonical(&format!("{scheme}://{authority}"));
    payments.origins().any(|origin| canonical(origin) == given)
}

/// An origin without its scheme's usual port, in lower case.
fn canonical(origin: &str) -> String {
    let lower = origin.to_ascii_lowercase();
    let usual = if lower.starts_with("https://") { ":443" } else { ":80" };
    lower.strip_suffix(usual).map_or(lower.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_web_urls_are_taken() {
        assert!(is_web_url("https://example.com/back?ok=1"));
        assert!(is_web_url("http://127.0.0.1:5173/"));
        for bad in ["", "/back", "example.com", "javascript:alert(1)", "ftp://example.com/", "https://", "https://a b/"]
        {
            assert!(!is_web_url(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_allowed_origins_are_returned_to() {
        let origins = "https://app.example.com, http://localhost:5173/";
        let payments = PaymentsSettings { return_origins: origins.to_owned(), ..PaymentsSettings::default() };
        for good in [
            "https://app.example.com/billing?ok=1",
            "https://APP.example.com:443/x",
            "https://app.example.com",
            "http://localhost:5173/#/billing",
        ] {
            assert!(is_allowed_url(good, &payments), "{good}");
        }
        for bad in [
            "http://app.example.com/",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "https://evil.example/?https://app.example.com",
            "https://app.example.com:8443/",
            "http://localhost/",
            "/billing",
        ] {
            assert!(!is_allowed_url(bad, &payments), "{bad}");
        }
    }
}
