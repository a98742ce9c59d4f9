//! Which addresses are public: the special-purpose registries of IANA as a table.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;

use crate::RefusedReason;

/// Read in order, so that the narrower network stands before the wider one.
const SPECIAL: [(&str, RefusedReason); 27] = [
    ("0.0.0.0/8", RefusedReason::Unspecified),
    ("10.0.0.0/8", RefusedReason::Private),
    ("100.100.100.200/32", RefusedReason::Metadata),
    ("100.64.0.0/10", RefusedReason::Shared),
    ("127.0.0.0/8", RefusedReason::Loopback),
    ("169.254.169.254/32", RefusedReason::Metadata),
    ("169.254.0.0/16", RefusedReason::LinkLocal),
    ("172.16.0.0/12", RefusedReason::Private),
    ("192.0.2.0/24", RefusedReason::Documentation),
    ("192.0.0.0/24", RefusedReason::Reserved),
    ("192.88.99.0/24", RefusedReason::Reserved),
    ("192.168.0.0/16", RefusedReason::Private),
    ("198.18.0.0/15", RefusedReason::Reserved),
    ("198.51.100.0/24", RefusedReason::Documentation),
    ("203.0.113.0/24", RefusedReason::Documentation),
    ("224.0.0.0/4", RefusedReason::Multicast),
    ("240.0.0.0/4", RefusedReason::Reserved),
    ("::/128", RefusedReason::Unspecified),
    ("::1/128", RefusedReason::Loopback),
    ("fd00:ec2::254/128", RefusedReason::Metadata),
    ("fc00::/7", RefusedReason::Private),
    ("fe80::/10", RefusedReason::LinkLocal),
    ("ff00::/8", RefusedReason::Multicast),
    ("2001:db8::/32", RefusedReason::Documentation),
    ("3fff::/20", RefusedReason::Documentation),
    // Teredo, ORCHID and the rest of the protocol assignments.
    ("2001::/23", RefusedReason::Reserved),
    // 6to4: an IPv4 address inside, which a relay would connect to.
    ("2002::/16", RefusedReason::EmbedsIpv4),
];

static TABLE: LazyLock<Vec<(IpNet, RefusedReason)>> =
    LazyLock::new(|| SPECIAL.iter().filter_map(|(net, reason)| Some((net.parse().ok()?, *reason))).collect());

/// Why an address is not public; none when it is.
pub(crate) fn not_public(address: IpAddr) -> Option<RefusedReason> {
    if let Some((_, reason)) = TABLE.iter().find(|(net, _)| net.contains(&address)) {
        return Some(*reason);
    }
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => not_global_unicast(address),
    }
}

/// Only 2000::/3 is handed out. Outside of it lie mapped, translated and compatible IPv4 forms and what is not assigned.
fn not_global_unicast(address: Ipv6Addr) -> Option<RefusedReason> {
    let [first, second, ..] = address.segments();
    match (first, second) {
        (0x2000..=0x3fff, _) => None,
        (0, _) | (0x64, 0xff9b) => Some(RefusedReason::EmbedsIpv4),
        _ => Some(RefusedReason::Reserved),
    }
}

#[cfg(test)]
mod tests {
    use super::{SPECIAL, TABLE, not_public};
    use crate::RefusedReason::{
        self, Documentation, EmbedsIpv4, LinkLocal, Loopback, Metadata, Multicast, Private, Reserved, Shared,
        Unspecified,
    };

    #[test]
    fn every_line_of_the_table_is_a_network() {
        assert_eq!(TABLE.len(), SPECIAL.len());
    }

    #[test]
    fn special_addresses_are_refused_and_their_public_neighbours_are_not() {
        let cases: [(&str, Option<RefusedReason>); 42] = [
            ("0.0.0.0", Some(Unspecified)),
            ("0.255.255.255", Some(Unspecified)),
            ("1.1.1.1", None),
            ("9.255.255.255", None),
            ("10.0.0.1", Some(Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.1", Some(Shared)),
            ("100.100.100.200", Some(Metadata)),
            ("100.127.255.255", Some(Shared)),
            ("100.128.0.0", None),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.254", Some(Loopback)),
            ("169.254.169.254", Some(Metadata)),
            ("169.254.170.2", Some(LinkLocal)),
            ("172.15.255.255", None),
            ("172.16.0.1", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("172.32.0.0", None),
            ("192.0.2.9", Some(Documentation)),
            ("192.168.1.1", Some(Private)),
            ("198.18.0.1", Some(Reserved)),
            ("203.0.113.7", Some(Documentation)),
            ("224.0.0.1", Some(Multicast)),
            ("255.255.255.255", Some(Reserved)),
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("::ffff:127.0.0.1", Some(EmbedsIpv4)),
            ("::ffff:8.8.8.8", Some(EmbedsIpv4)),
            ("::127.0.0.1", Some(EmbedsIpv4)),
            ("64:ff9b::a00:1", Some(EmbedsIpv4)),
            ("64:ff9b:1::a00:1", Some(EmbedsIpv4)),
            ("2002:7f00:1::", Some(EmbedsIpv4)),
            ("2001:0:4136:e378::", Some(Reserved)),
            ("2001:db8::1", Some(Documentation)),
            ("2606:4700:4700::1111", None),
            ("3fff::1", Some(Documentation)),
            ("100::1", Some(Reserved)),
            ("fd12::1", Some(Private)),
            ("fd00:ec2::254", Some(Metadata)),
            ("fe80::1", Some(LinkLocal)),
            ("ff02::1", Some(Multicast)),
        ];
        for (address, expected) in cases {
            assert_eq!(not_public(address.parse().unwrap()), expected, "{address}");
        }
    }
}
