//! Whose address a request comes from: the peer's, or the one that a trusted proxy tells.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use web::ApiError;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// What an IPv6 customer has: addresses within it are no different callers.
const IPV6_PREFIX: u32 = 64;

/// The client's address, for handlers that count failures by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub IpAddr);

/// A set of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<(u128, u32)>);

impl Networks {
    /// Reads addresses and networks, comma-separated.
    ///
    /// # Errors
    /// The entry that is neither.
    pub(crate) fn parse(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| network(entry).ok_or_else(|| entry.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    fn contains(&self, address: IpAddr) -> bool {
        let bits = bits(address);
        self.0.iter().any(|(network, prefix)| (bits ^ network).checked_shr(128 - prefix).unwrap_or(0) == 0)
    }
}

impl ClientAddress {
    /// The address behind a request. `X-Forwarded-For` is read from its end, as far as trusted proxies wrote it.
    pub(crate) fn of(request: &ServiceRequest, trusted: &Networks) -> Self {
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        if trusted.0.is_empty() || !trusted.contains(peer) {
            return Self(peer);
        }
        let lines: Vec<_> = request.headers().get_all(FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
        Self(behind(peer, &lines, trusted))
    }

    /// What counts as one caller: the address, or its network for IPv6.
    pub(crate) fn key(self) -> u128 {
        match self.0.to_canonical() {
            IpAddr::V6(address) => address.to_bits() >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX),
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        }
    }
}

impl FromRequest for ClientAddress {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = request.extensions().get::<Self>().copied();
        ready(address.ok_or_else(|| ApiError::internal("the gate did not note the client's address")))
    }
}

fn behind(peer: IpAddr, lines: &[&str], trusted: &Networks) -> IpAddr {
    let mut last = peer;
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // What a trusted proxy could not have written ends the chain: the address before it is all that is known.
        let Ok(address) = entry.trim().parse::<IpAddr>() else { return last };
        last = address;
        if !trusted.contains(address) {
            return last;
        }
    }
    last
}

fn network(entry: &str) -> Option<(u128, u32)> {
    let (address, prefix) = match entry.split_once('/') {
        Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, Some(prefix.parse::<u32>().ok()?)),
        None => (entry.parse::<IpAddr>().ok()?, None),
    };
    let (width, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
    let prefix = prefix.unwrap_or(width);
    (prefix <= width).then_some((bits(address), prefix + offset))
}

fn bits(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_hold_what_is_in_them() {
        let networks = Networks::parse("10.0.0.0/8, 192.0.2.7,2001:db8::/32").expect("networks");
        for inside in ["10.255.0.1", "192.0.2.7", "2001:db8:ffff::1", "::ffff:10.1.2.3"] {
            assert!(networks.contains(ip(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1"] {
            assert!(!networks.contains(ip(outside)), "{outside}");
        }
        assert!(Networks::parse("0.0.0.0/0").expect("all").contains(ip("203.0.113.9")));
        for bad in ["10.0.0.0/33", "ten", "10.0.0.0/x", "::/129"] {
            assert_eq!(Networks::parse(bad), Err(bad.to_owned()));
        }
    }

    #[test]
    fn a_forwarded_address_counts_as_far_as_trusted_proxies_wrote_it() {
        let trusted = Networks::parse("10.0.0.0/8").expect("networks");
        let client = |lines: &[&str]| behind(ip("10.0.0.1"), lines, &trusted).to_string();
        assert_eq!(client(&["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&["198.51.100.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9", "what the client wrote is ignored");
        assert_eq!(client(&["198.51.100.1", "203.0.113.9"]), "203.0.113.9", "the last line is the nearest");
        assert_eq!(client(&["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(client(&[]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_customer_is_one_caller() {
        let key = |text| ClientAddress(ip(text)).key();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
