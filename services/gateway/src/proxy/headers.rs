//! Which headers pass: those that are about the message, not those about one connection, and nothing that
//! pretends to come from inside the house.

use actix_web::http::header as front;
use common::trace::TraceContext;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

/// Headers by which services and the gateway speak to each other.
const OURS: &str = "x-verdict-";
/// Cookies that a service gave to a browser, for itself. They are nobody's credential: others stay here.
const OUR_COOKIES: &str = "verdict-";
/// The client's address, and those of the proxies before us.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const IDENTITY: HeaderName = HeaderName::from_static(web::IDENTITY_HEADER);

/// What the gateway adds to a request.
#[derive(Debug)]
pub(crate) struct Additions {
    /// The service's `Host`.
    pub host: HeaderValue,
    /// Who calls, signed; nobody, for a public call.
    pub identity: Option<HeaderValue>,
    /// The span that the service continues.
    pub trace: TraceContext,
    /// The client's address.
    pub peer: Option<String>,
}

/// Whether a header is about one connection only (RFC 9110, 7.6.1), or made anew for each.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "content-length"
    )
}

/// Whether a request's header stays here: credentials are the gateway's business, an encoded answer could not be
/// framed, and the rest is set anew.
fn stays(name: &str) -> bool {
    is_hop_by_hop(name)
        || name.starts_with(OURS)
        || matches!(name, "authorization" | "cookie" | "host" | "expect" | "accept-encoding" | "traceparent")
}

/// The names that `Connection` lists: they are about this connection too.
fn listed(connection: Option<&str>) -> Vec<String> {
    let names = connection.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !matches!(name.as_str(), "" | "keep-alive" | "close")).collect()
}

/// A request's headers as the service gets them.
pub(crate) fn to_service(client: &front::HeaderMap, additions: Additions) -> HeaderMap {
    let listed = listed(client.get(front::CONNECTION).and_then(|value| value.to_str().ok()));
    let mut headers = HeaderMap::with_capacity(client.len() + 4);
    let mut forwarded = String::new();
    for (name, value) in client {
        let name = name.as_str();
        if name == FORWARDED_FOR.as_str() {
            if let Ok(value) = value.to_str() {
                forwarded.push_str(value);
                forwarded.push_str(", ");
            }
        } else if !stays(name)
            && !listed.iter().any(|listed| listed == name)
            && let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.append(name, value);
        }
    }
    if let Some(peer) = additions.peer {
        forwarded.push_str(&peer);
        if let Ok(value) = HeaderValue::try_from(forwarded) {
            headers.insert(FORWARDED_FOR, value);
        }
    }
    if let Ok(value) = HeaderValue::try_from(additions.trace.to_string()) {
        headers.insert(TRACEPARENT, value);
    }
    if let Some(identity) = additions.identity {
        headers.insert(IDENTITY, identity);
    }
    if let Some(cookies) = our_cookies(client) {
        headers.insert(hyper::header::COOKIE, cookies);
    }
    headers.insert(hyper::header::HOST, additions.host);
    headers
}

/// The cookies that services gave out.
fn our_cookies(client: &front::HeaderMap) -> Option<HeaderValue> {
    let values = client.get_all(front::COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).map(str::trim);
    let ours: Vec<&str> = pairs.filter(|pair| pair.starts_with(OUR_COOKIES)).collect();
    HeaderValue::try_from(ours.join("; ")).ok().filter(|cookies| !cookies.is_empty())
}

/// A service's headers as the client gets them.
pub(crate) fn to_client(service: &HeaderMap, client: &mut front::HeaderMap) {
    let listed = listed(service.get(hyper::header::CONNECTION).and_then(|value| value.to_str().ok()));
    for (name, value) in service {
        let name = name.as_str();
        if is_hop_by_hop(name)
            || name.starts_with(OURS)
            || matches!(name, "date" | "server" | "x-trace-id")
            || listed.iter().any(|listed| listed == name)
        {
            continue;
        }
        let name = front::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, front::HeaderValue::from_bytes(value.as_bytes())) {
            client.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_looks_like_from_inside() {
        let mut client = front::HeaderMap::new();
        for (name, value) in [
            ("x-verdict-identity", "forged"),
            ("x-verdict-anything", "forged"),
            ("authorization", "Bearer secret"),
            ("cookie", "a=b; verdict-oauth-1=c; xverdict-=d"),
            ("connection", "keep-alive, X-Private"),
            ("x-private", "1"),
            ("transfer-encoding", "chunked"),
            ("accept-encoding", "gzip"),
            ("traceparent", "forged"),
            ("x-forwarded-for", "10.0.0.1"),
            ("idempotency-key", "k"),
            ("webhook-signature", "v1,abc"),
        ] {
            client.append(front::HeaderName::from_static(name), front::HeaderValue::from_static(value));
        }
        let trace = TraceContext::random();
        let additions = Additions {
            host: HeaderValue::from_static("127.0.0.1:1"),
            identity: Some(HeaderValue::from_static("signed")),
            trace,
            peer: Some("192.0.2.7".into()),
        };
        let headers = to_service(&client, additions);
        let mut seen: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII"))).collect();
        seen.sort_unstable();
        let traceparent = trace.to_string();
        assert_eq!(
            seen,
            [
                ("cookie", "verdict-oauth-1=c"),
                ("host", "127.0.0.1:1"),
                ("idempotency-key", "k"),
                ("traceparent", traceparent.as_str()),
                ("webhook-signature", "v1,abc"),
                ("x-forwarded-for", "10.0.0.1, 192.0.2.7"),
                ("x-verdict-identity", "signed"),
            ]
        );
    }

    #[test]
    fn a_services_own_signals_stay_inside() {
        let mut service = HeaderMap::new();
        for (name, value) in [
            ("x-verdict-next-cursor", "abc"),
            ("x-verdict-envelope", "none"),
            ("connection", "close, x-debug"),
            ("x-debug", "1"),
            ("content-length", "5"),
            ("etag", "\"3\""),
            ("retry-after", "7"),
            ("idempotent-replayed", "true"),
        ] {
            service.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut client = front::HeaderMap::new();
        to_client(&service, &mut client);
        let mut seen: Vec<_> = client.keys().map(front::HeaderName::as_str).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["etag", "idempotent-replayed", "retry-after"]);
    }
}
