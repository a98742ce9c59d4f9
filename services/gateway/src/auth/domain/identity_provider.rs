//! What may be said of a tenant's identity provider, and whom it lets in.

use common::{Role, Violation};
use outbound::Url;
use url::Host;

use super::email::Email;

/// Longest issuer and redirect address, in bytes.
const MAX_URL: usize = 500;
/// Longest client id and client secret, in bytes.
const MAX_CLIENT: usize = 500;
/// Most domains.
pub(crate) const MAX_DOMAINS: usize = 20;
/// Longest session, in hours.
const MAX_HOURS: i32 = 720;

/// What stands for the second factor in a session that the provider opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecondFactorRule {
    /// The provider is responsible: its sign-in counts as both factors.
    Provider,
    /// Only a sign-in of which the ID token says `amr: ["mfa"]`.
    Claim,
}

impl SecondFactorRule {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Claim => "claim",
        }
    }

    /// The rule of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Provider, Self::Claim].into_iter().find(|rule| rule.as_str() == name)
    }
}

/// Checks an issuer: an address without query and fragment (OpenID Connect Discovery, 3).
pub(crate) fn check_issuer(found: &mut Vec<Violation>, issuer: &str) {
    let url = Url::parse(issuer)
        .ok()
        .filter(|url| issuer.len() <= MAX_URL && url.has_host() && url.query().is_none() && url.fragment().is_none());
    if url.is_none() {
        let message = "must be the provider's https address as its tokens name it, without query and fragment";
        found.push(Violation::new("issuer", "issuer", message));
    }
}

/// Checks what the provider calls us, or the secret that it gave us.
pub(crate) fn check_client(found: &mut Vec<Violation>, path: &str, text: &str) {
    if text.is_empty() || text.len() > MAX_CLIENT || text.chars().any(char::is_control) {
        let message = format!("must have 1 to {MAX_CLIENT} bytes and no control characters");
        found.push(Violation::new(path, "length", message));
    }
}

/// Checks e-mail domains.
pub(crate) fn check_domains(found: &mut Vec<Violation>, domains: &[String]) {
    if domains.len() > MAX_DOMAINS {
        found.push(Violation::new("domains", "max_items", format!("must be at most {MAX_DOMAINS} domains")));
    }
    for (index, domain) in domains.iter().enumerate() {
        if normal_domain(domain).is_none() {
            let message = "must be the part of e-mail addresses behind the @, such as example.com";
            found.push(Violation::new(format!("domains[{index}]"), "domain", message));
        }
    }
}

/// Checks how long a session lasts.
pub(crate) fn check_hours(found: &mut Vec<Violation>, hours: i32) {
    if !(1..=MAX_HOURS).contains(&hours) {
        found.push(Violation::new("sessionHours", "range", format!("must be from 1 to {MAX_HOURS}")));
    }
}

/// Checks what a person becomes at their first sign-in.
pub(crate) fn check_role(found: &mut Vec<Violation>, role: Role) {
    if role == Role::Agent {
        found.push(Violation::new("defaultRole", "role", "must be a role for people: agent is for API keys"));
    }
}

/// A domain in its one spelling: lower case, in ASCII. It has a dot, and is no address.
pub(crate) fn normal_domain(text: &str) -> Option<String> {
    match Host::parse(text.trim().trim_start_matches('@')).ok()? {
        Host::Domain(domain) if is_domain(&domain) => Some(domain),
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn is_domain(text: &str) -> bool {
    let plain =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.len() <= 253 && text.contains('.') && text.split('.').all(plain)
}

/// The domain of an address.
pub(crate) fn domain_of(email: &Email) -> Option<String> {
    normal_domain(email.as_str().rsplit_once('@')?.1)
}

/// Whether browsers may be sent back there: to a page of one of the listed web clients, and nowhere else.
pub(crate) fn is_redirect<'a>(text: &str, mut origins: impl Iterator<Item = &'a str>) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    // An opaque origin is written "null", which nobody lists.
    let origin = url.origin().ascii_serialization();
    text.len() <= MAX_URL
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && origins.any(|listed| listed.trim_end_matches('/') == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_one_spelling() {
        for (text, expected) in [
            ("Example.COM", Some("example.com")),
            (" @example.com", Some("example.com")),
            ("b\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("localhost", None),
            ("example.com.", None),
            ("10.0.0.1", None),
            ("a b.example", None),
            ("ann@example.com", None),
            ("*.example.com", None),
            ("", None),
        ] {
            assert_eq!(normal_domain(text).as_deref(), expected, "{text:?}");
        }
        let email = Email::parse("Ann@B\u{fc}cher.example").expect("an address");
        assert_eq!(domain_of(&email).as_deref(), Some("xn--bcher-kva.example"));
    }

    #[test]
    fn browsers_are_sent_back_to_listed_clients_only() {
        let origins = ["https://app.example.com", "http://localhost:5173"];
        let may = |text: &str| is_redirect(text, origins.into_iter());
        for good in ["https://app.example.com/", "https://app.example.com/sign-in?tab=1", "http://localhost:5173/cb"] {
            assert!(may(good), "{good}");
        }
        for bad in [
            "https://app.example.com.evil.example/",
            "https://evil.example/https://app.example.com/",
            "http://app.example.com/",
            "https://app.example.com:444/",
            "https://app.example.com@evil.example/",
            "https://me@app.example.com/",
            "https://app.example.com/#token",
            "javascript:alert(1)//https://app.example.com",
            "null",
            "//app.example.com/",
            "",
        ] {
            assert!(!may(bad), "{bad}");
        }
    }

    #[test]
    fn issuers_are_plain_addresses() {
        let sound = |issuer: &str| {
            let mut found = Vec::new();
            check_issuer(&mut found, issuer);
            found.is_empty()
        };
        assert!(sound("https://idp.example.com") && sound("https://idp.example.com/realms/acme"));
        for bad in ["", "idp.example.com", "https://idp.example.com?x=1", "https://idp.example.com#x", "mailto:a@b.c"] {
            assert!(!sound(bad), "{bad}");
        }
    }
}
